import { ForetokenError } from '@foretoken/core'

interface ProfileEvent {
  readonly cat?: string
  readonly name?: string
  readonly args?: { readonly provider?: string; readonly node_index?: string }
}

/**
 * How many nodes of a graph ran on which execution provider.
 *
 * @param profile The text of the file that ONNX Runtime writes between `enableProfiling` and `endProfiling`.
 * @returns By the provider's name: `CPUExecutionProvider`. A node counts once, however often it ran. Nodes that a
 * provider has fused count as one.
 * @throws `runtime` when the profile is not whole.
 */
export function readPlacements(profile: string): Map<string, number> {
  const nodes = new Map<string, Set<string>>()
  for (const { cat, name, args } of parse(profile)) {
    if (cat !== 'Node' || !args?.provider) continue
    const seen = nodes.get(args.provider) ?? new Set()
    nodes.set(args.provider, seen.add(`${args.node_index} ${name}`))
  }
  return new Map([...nodes].map(([provider, { size }]) => [provider, size]))
}

function parse(profile: string): ProfileEvent[] {
  try {
    return JSON.parse(profile) as ProfileEvent[]
  } catch (cause) {
    const message = "ONNX Runtime's profile is not whole. Call endProfiling() on the session before reading it."
    throw new ForetokenError('runtime', message, { cause })
  }
}
