import { blocks } from '../terminal/blocks.js'
import { duration, number, plural, times } from '../terminal/format.js'
import type { Paint } from '../terminal/paint.js'
import { facts, table } from '../terminal/table.js'
import type { Cliff, Gain } from './gains.js'
import type { Allowance, Potential, StrategyProspect, TextReport, Tried } from './report.js'

/** What passes take, and what that allows, for people. */
export function allowanceLines(report: Allowance, paint: Paint): string[] {
  const { target, draft, passes, free, outlook } = report
  const guessed = passes.some(({ measured }) => !measured)
  return [
    ...facts(
      [
        ['target', target],
        ...(draft
          ? [
              ['draft', draft.model] as const,
              ['c', `${number(draft.c)}: a step of the draft takes ${duration(draft.stepMs)}`] as const,
            ]
          : []),
      ],
      paint,
    ),
    ...triedLines(report, paint),
    '',
    ...table(
      [{ title: 'n' }, { title: 'T(n)' }, { title: 'T(n)/T(1)' }, { title: '', align: 'left' }],
      passes.map(({ tokens, ms, relative, measured }) => [
        String(tokens),
        `${measured ? '' : '~'}${duration(ms)}`,
        number(relative),
        blocks(relative / Math.max(...passes.map((pass) => pass.relative))),
      ]),
      paint,
    ),
    paint.dim(
      `T(n) is the time of a pass of the target over n tokens${guessed ? '; ~: not timed, or held up by other work, and taken from its neighbours' : ''}.`,
    ),
    ...(passes.some(({ relative }) => relative < impossible) ? [paint.yellow(disturbed)] : []),
    ...cliffLines(report.cliffs),
    '',
    ...gainTable(report, paint),
    ...[
      draft && `Drafts of the draft model ${paysFrom(draft)}.`,
      `Drafts that cost nothing (text that is found again) ${paysFrom(free)}.`,
      report.replays &&
        'This model cannot trim its state: a refused draft is computed again, which these figures leave out.',
    ].filter((line) => typeof line === 'string'),
    ...(outlook ? ['', paint.yellow(outlook)] : []),
  ]
}

/** What models were tried on, where there was a choice. */
function triedLines({ device, tried, draft }: Allowance, paint: Paint): string[] {
  const rows = [
    ...(tried ? attempts('target', device, tried) : []),
    ...(draft?.tried ? attempts('draft', draft.device, draft.tried) : []),
  ]
  if (rows.length === 0) return []
  const columns = [{ title: 'tried' }, { title: 'on', align: 'left' }, { title: 'one token' }] as const
  return ['', ...table([...columns, { title: '', align: 'left' }], rows, paint)]
}

function attempts(model: string, device: string, tried: Tried): string[][] {
  return tried.map(({ provider, ms, error }) => [
    model,
    provider,
    ms === undefined ? '–' : duration(ms),
    error === undefined ? (provider === device ? 'taken' : '') : `failed: ${error.split('\n')[0]}`,
  ])
}

/** A wide pass does all that a narrow one does: one that takes less than this part of T(1) was measured in a quieter moment. */
const impossible = 0.9
const disturbed =
  'Wider passes seem quicker than one over a single token: something else kept this machine busy. Try again when it is idle.'

function gainTable({ draft, free }: Allowance, paint: Paint): string[] {
  const cells = ({ length, speedup }: Gain): string[] =>
    length === 0 ? ['none', '–'] : [String(length), times(speedup)]
  return table(
    [
      { title: 'accepted' },
      ...(draft ? [{ title: 'draft model: length' }, { title: 'speed-up' }] : []),
      { title: 'free drafts: length' },
      { title: 'speed-up' },
    ],
    free.gains.map((gain, i) => [percent(gain.alpha), ...(draft ? cells(draft.gains[i]!) : []), ...cells(gain)]),
    paint,
  )
}

function paysFrom({ breakEven }: Potential): string {
  if (breakEven === undefined) return 'do not pay here, whatever is accepted'
  return breakEven < 0.01
    ? 'pay from the first accepted token on'
    : `pay when more than ${percent(breakEven)} is accepted`
}

function cliffLines(found: readonly Cliff[]): string[] {
  return found.map(({ from, to, factor, worthFrom }) => {
    const pays =
      worthFrom === undefined ? 'nothing pays for' : `only an acceptance of more than ${percent(worthFrom)} pays for`
    const drafts = from === 1 ? 'any draft at all' : `drafts of ${from} tokens and more`
    return `A pass over ${plural(to, 'token')} takes ${number(factor)} times as long as one over ${from}: ${pays} ${drafts}.`
  })
}

/**
 * What strategies would gain, for people.
 *
 * @param text.passMs T(1), in milliseconds.
 */
export function prospectLines(
  found: readonly StrategyProspect[],
  text: TextReport & { readonly passMs: number },
  paint: Paint,
): string[] {
  if (found.length === 0) return ['The target said too little to try strategies on: pass other --prompts.']
  const best = found[0]!
  return [
    ...table(
      [{ title: 'strategy' }, { title: 'speed-up' }, { title: 'best length' }, { title: 'why', align: 'left' }],
      found.map((each) => [
        each.name,
        each.coverage > 0 ? times(each.speedup) : '–',
        each.speedup > 1 ? `${each.length}${each.longest ? ' or more' : ''}` : 'none',
        why(each),
      ]),
      paint,
    ),
    paint.dim(
      `Predicted from drafts along ${plural(text.texts, 'text')}, ${plural(text.tokens, 'token')} in all, said once at ` +
        `${number(text.tokensPerSecond)} tok/s: a hint. foretoken bench measures.`,
    ),
    ...doubts(text).map((line) => paint.yellow(line)),
    best.speedup > 1
      ? `Best alone: ${best.name}. The defaults (--strategy auto, --length auto) find out as they go who drafts, and how much.`
      : 'None would make this target quicker on these texts. The default, --length auto, then hardly drafts at all.',
  ]
}

/** What speaks against taking the figures at their word. */
function doubts({ fresh, tokensPerSecond, passMs }: TextReport & { readonly passMs: number }): string[] {
  const tokenMs = 1000 / tokensPerSecond
  return [
    ...(fresh < circles
      ? [
          `Only ${percent(fresh)} of that text is fresh: it goes round in circles, which are easy to foresee. On other text all of them gain less.`,
        ]
      : []),
    ...(tokenMs > busy * passMs
      ? [
          `A token of that text took ${duration(tokenMs)}, and T(1) is ${duration(passMs)}: if something else keeps this machine busy, try again when it is idle.`,
        ]
      : []),
  ]
}

/** A token of plain text that takes so many times T(1) was disturbed. */
const busy = 1.5
/** Less than this share of fresh tokens says more of the text than of the strategies. */
const circles = 0.7
/** A strategy that speaks in fewer of the rounds is told to be silent. */
const silent = 0.5

/** What makes a strategy gain what it gains. */
export function why({ coverage, alpha, speedup, c }: StrategyProspect): string {
  if (!(coverage > 0)) return 'never had anything to say'
  const seldom = coverage < silent ? `found something in ${percent(coverage)} of the rounds only, ` : ''
  const costs = c < 0.005 ? 'costs next to nothing' : `costs ${number(c)} of a pass a token`
  return `${seldom}accepted ${percent(alpha)} and ${costs}${speedup > 1 ? '' : ': plain decoding is quicker'}`
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}
