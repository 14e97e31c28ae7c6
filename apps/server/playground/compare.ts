/** Whether two texts are the same; if not, where they part, in characters from the start. */
export type Comparison =
  | { readonly same: true; readonly length: number }
  | { readonly same: false; readonly at: number }

export function compareTexts(a: string, b: string): Comparison {
  if (a === b) return { same: true, length: a.length }
  let at = 0
  while (a[at] === b[at]) at++
  return { same: false, at }
}
