import type { DraftStrategy } from '@foretoken/core'
import { type Engine, type EngineMetrics, openEngine } from '@foretoken/server'
import type { ModelFiles } from '../models/files.js'
import { prepareKernels } from '../models/kernels.js'
import { type LoadedModel, openModel, openTarget } from '../models/load.js'
import type { ModelFlags } from '../options.js'
import { chooseStrategy } from '../strategy/resolve.js'
import type { Terminal } from '../terminal/terminal.js'

interface Flags extends ModelFlags {
  readonly strategy?: string
  readonly parallel: number
  readonly queue: number
}

export interface Opened {
  readonly engine: Engine
  /** Ends what is still under way. */
  dispose(): Promise<void>
}

/** What requests can ask for by name, besides the default. */
const others = ['draft-model', 'suffix', 'prompt-lookup', 'recycling']

/** Loads the models and opens an engine on them. A server lives long: it has its kernels built first. */
export async function openServed(
  id: string,
  files: ModelFiles,
  metrics: EngineMetrics,
  { flags, terminal }: { readonly flags: Flags; readonly terminal: Terminal },
): Promise<Opened> {
  const { parallel, queue } = flags
  const hasDraft = files.draft !== undefined
  const names = [flags.strategy ?? 'auto', ...others.filter((name) => hasDraft || name !== 'draft-model')]
  // Without drafts there is nothing to choose from.
  const wanted = flags.strategy === 'none' ? [] : [...new Set(names)]
  const chosen = await Promise.all(wanted.map((name) => chooseStrategy(name, { hasDraft })))

  const models: LoadedModel[] = []
  const dispose = async (): Promise<void> => {
    for (const model of models.reverse()) await model.dispose()
  }
  if (files.backend === 'llama') await prepareKernels(files.target, flags.gpu, terminal)
  try {
    const target = await openTarget(files.target, flags, terminal, { sequences: parallel })
    models.push(target)
    let draft: LoadedModel | undefined
    if (chosen.some(({ needsDraft }) => needsDraft)) {
      draft = await openModel(files.draft!, flags, terminal, { sequences: parallel })
      models.push(draft)
    }
    const strategies: Record<string, DraftStrategy> = {}
    for (const { name, create } of chosen) strategies[name] = create(draft)!
    const engine = openEngine({ id, target, strategies, parallel, queue, observer: metrics.observer })
    metrics.watch(engine)
    return {
      engine,
      async dispose() {
        await engine.dispose()
        await dispose()
      },
    }
  } catch (error) {
    await dispose()
    throw error
  }
}
