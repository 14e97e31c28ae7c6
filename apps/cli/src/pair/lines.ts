import { basename } from 'node:path'
import type { ModelInfo } from '@foretoken/backend-llama'
import { speculationOutlook } from '@foretoken/core'
import { blocks } from '../terminal/blocks.js'
import { bytes, count, number, plural, times } from '../terminal/format.js'
import type { Paint } from '../terminal/paint.js'
import { facts, table } from '../terminal/table.js'
import type { Judged, Verdict } from './judge.js'
import { flatTo, shares, typical, typicalGain } from './prospect.js'

/** What was found, for people. */
export function verdictLines(verdict: Verdict, paint: Paint): string[] {
  const { fits } = verdict
  return [
    ...targetLines(verdict, paint),
    '',
    ...(fits.length > 0 ? fitLines(verdict, paint) : [paint.red('No draft fits.')]),
    ...misfitLines(verdict, paint),
    ...unreadLines(verdict, paint),
  ]
}

function targetLines({ target, family, memory, context }: Verdict, paint: Paint): string[] {
  const { info, model } = target
  return [
    paint.bold(model.name),
    ...facts(
      [
        [
          'model',
          `${info.name ?? 'unnamed'}, ${info.architecture}, ${count(info.parameters)} parameters, ${info.quantization}`,
        ],
        ['family', family?.title ?? 'none that drafts are known for'],
        ['vocabulary', `${plural(info.vocabSize, 'token')}, ${info.tokenizer}`],
        [
          'memory',
          `${bytes(memory.target)} with a context of ${plural(context.target, 'token')}; ${bytes(memory.free)} of main memory free`,
        ],
        ...(model.here ? [] : [['where', 'on the Hub: only its head was read'] as const]),
      ],
      paint,
    ).map((line) => `  ${line}`),
  ]
}

function fitLines({ fits, family, target }: Verdict, paint: Paint): string[] {
  const best = fits[0]!
  const most = Math.max(...fits.map(({ prospect }) => typicalGain(prospect).speedup))
  const notes = fits.flatMap(({ notes }, i) => notes.map((note) => `${i + 1}: ${note}`))
  const harmless = fits.flatMap(({ match }, i) => match.notes.map((note) => `${i + 1}: ${note}`))
  const outlook = speculationOutlook({ experts: target.info.experts })
  return [
    ...table(
      [
        { title: '' },
        { title: 'draft that fits', align: 'left' },
        { title: 'where', align: 'left' },
        { title: 'weights' },
        { title: 'c' },
        { title: 'both in memory' },
      ],
      fits.map((draft, i) => [
        String(i + 1),
        label(draft),
        where(draft),
        bytes(draft.info.weightBytes),
        number(draft.prospect.c),
        `${bytes(draft.memory.both)}${draft.roomy ? '' : ' (too much)'}`,
      ]),
      paint,
    ),
    '',
    'Times as fast, if so many of the drafted tokens are accepted:',
    ...table(
      [
        { title: '' },
        ...shares.map((share) => ({ title: percent(share) })),
        { title: `at ${percent(typical)}`, align: 'left' as const },
      ],
      fits.map(({ prospect }, i) => [
        String(i + 1),
        ...prospect.gains.map(({ length, speedup }) => (length === 0 ? '–' : times(speedup))),
        bar(typicalGain(prospect), most),
      ]),
      paint,
    ),
    paint.dim(basis(fits)),
    ...expertLines(fits, target.info),
    paint.dim(
      'How many are accepted, only a run tells; a larger draft is usually accepted more often. To measure: foretoken tune.',
    ),
    ...(family?.accepted
      ? [
          `Published: ${percent(family.accepted.share)} of the drafted tokens accepted, in one run of ${family.accepted.of} (${family.accepted.source.url}).`,
        ]
      : []),
    ...notes,
    ...(outlook === undefined ? [] : [outlook]),
    ...(harmless.length > 0
      ? [
          paint.dim('Differs, without harm, as drafts are tokens and not text:'),
          ...harmless.map((note) => paint.dim(note)),
        ]
      : []),
    ...(best.roomy
      ? []
      : [
          paint.yellow(
            'No pair is within the main memory that is free (what a GPU has is not looked at): take a smaller --context, or a smaller type.',
          ),
        ]),
  ]
}

/** The part above 1 is what is gained. */
function bar({ length, speedup }: { length: number; speedup: number }, most: number): string {
  return length === 0 ? 'does not pay' : `${blocks(speedup / Math.max(1, most), 24)} drafts of ${length}`
}

/** Of a mixture the bytes say too little of a step. */
function expertLines([best]: readonly Judged[], { experts }: ModelInfo): string[] {
  if (!experts || best!.prospect.measured.target) return []
  return [
    `The target is a mixture of experts, and a step reads only ${experts.used} of ${experts.count} of them: c is larger in truth, up to ` +
      `${number(experts.count / experts.used)} times as large, and the gain smaller.`,
  ]
}

/** What the figures rest on. */
function basis(fits: readonly Judged[]): string {
  const { measured } = fits[0]!.prospect
  const drafts = fits.filter(({ prospect }) => prospect.measured.draft).length
  if (!measured.target) {
    return (
      'An estimate: c is the bytes of the draft by those of the target, and a pass over up to ' +
      `${flatTo} tokens is taken to cost what one over a single token does. Processors without much arithmetic gain less.`
    )
  }
  const steps =
    drafts === fits.length
      ? 'the steps of the drafts as well'
      : drafts === 0
        ? 'c is the bytes of the draft by those of the target: an estimate'
        : 'of some drafts c is an estimate, their bytes by those of the target'
  return `From the passes of the target that were timed on this machine; ${steps}.`
}

function misfitLines({ misfits, family, fits }: Verdict, paint: Paint): string[] {
  const told = misfits.filter(({ origin }) => origin !== 'folder' && origin !== 'cache')
  const others = misfits.filter((draft) => !told.includes(draft))
  const known = fits.length === 0 ? (family?.misfits ?? []) : []
  return [
    ...told.flatMap((draft) => ['', paint.red(`${label(draft)} does not fit.`), ...draft.match.reasons]),
    ...(others.length > 0
      ? [
          '',
          `Not of this vocabulary: ${others.map(label).join(', ')}. To see why: foretoken pair … --draft with its path.`,
        ]
      : []),
    ...(known.length > 0 ? [''] : []),
    ...known.map(({ target, draft, why, source }) => `Known: ${draft} does not fit ${target}. ${why} (${source.url})`),
  ]
}

function unreadLines({ unread }: Verdict, paint: Paint): string[] {
  return unread.flatMap(({ text, why }) => ['', paint.yellow(`${text} could not be looked at: ${why}`)])
}

/** What to run next with the best draft. */
export function nextCommands({ target, fits }: Verdict): string[] {
  const best = fits.find(({ roomy }) => roomy)
  if (!best) return []
  const [t, d] = [target.model.name, best.name].map(quoted)
  return [
    ...(target.model.here ? [] : [`foretoken pull ${t}`]),
    ...(best.here ? [] : [`foretoken pull ${d}`]),
    `foretoken generate -m ${t} -d ${d} -p 'Hello'`,
    `foretoken tune -m ${t} -d ${d}`,
  ]
}

function label({ name, here }: Judged): string {
  return here ? basename(name) : name
}

function where({ here, origin }: Judged): string {
  if (!here) return 'on the Hub'
  return origin === 'cache' ? 'in the cache' : 'here'
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}

function quoted(text: string): string {
  return /^[\w./:@%+~-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
