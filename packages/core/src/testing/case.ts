/** One check of a conformance suite. `run` rejects with the reason when it fails. Hand it to any test runner. */
export interface Case {
  readonly name: string
  run(): Promise<void>
}

/** @internal */
export function expect(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Error(message())
}

/** Runs `action`, which must reject with the Foretoken error `code`. @internal */
export async function expectError(code: string, action: () => unknown): Promise<void> {
  let caught: unknown
  try {
    await action()
  } catch (error) {
    caught = error
  }
  const seen = (caught as { code?: string } | undefined)?.code
  expect(
    seen === code,
    () => `expected the error '${code}', got ${caught === undefined ? 'none' : `${seen}: ${String(caught)}`}`,
  )
}
