/** The Hub has another file at that place than it has told us. */
export class Changed extends Error {}
