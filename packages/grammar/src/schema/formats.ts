const month31 = '(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])'
const month30 = '(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)'
const leapYear = '(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)'
const date = `(?:\\d{4}-(?:${month31}|${month30}|02-(?:0[1-9]|1\\d|2[0-8]))|${leapYear}-02-29)`
const hour = '(?:[01]\\d|2[0-3])'
const time = `${hour}:[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${hour}:[0-5]\\d)`

/** Parts of a duration may be left out at either end, not in the middle. */
const seconds = '\\d{1,9}S'
const minutes = `\\d{1,9}M(?:${seconds})?`
const hours = `\\d{1,9}H(?:${minutes})?`
const clock = `T(?:${hours}|${minutes}|${seconds})`
const days = '\\d{1,9}D'
const months = `\\d{1,9}M(?:${days})?`
const years = `\\d{1,9}Y(?:${months})?`
const duration = `P(?:(?:${years}|${months}|${days})(?:${clock})?|${clock}|\\d{1,9}W)`

const byte = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = `(?:${byte}\\.){3}${byte}`
const group = '[\\da-fA-F]{1,4}'
/** Eight groups, or fewer around a `::`. */
const ipv6 = [
  `(?:${group}:){7}${group}`,
  ...Array.from({ length: 8 }, (_, before) => {
    const head = before === 0 ? '' : `(?:${group}:){${before - 1}}${group}`
    const tail = before === 7 ? '' : `(?:${group}(?::${group}){0,${6 - before}})?`
    return `${head}::${tail}`
  }),
].join('|')

const label = '[a-zA-Z\\d](?:[a-zA-Z\\d-]{0,30}[a-zA-Z\\d])?'
const hostname = `${label}(?:\\.${label}){0,3}`
const domain = `${label}(?:\\.${label}){0,2}\\.[a-zA-Z]{2,12}`
const mailbox = '[\\w+-]{1,32}(?:\\.[\\w+-]{1,16}){0,2}'
const urlPart = "(?:[\\w.~!$&'()*+,;=:@-]|%[\\da-fA-F]{2})"
const uri = `https?://${domain}(?::[1-9]\\d{0,3})?(?:/${urlPart}{0,32}){0,4}(?:\\?${urlPart}{0,32})?(?:#${urlPart}{0,16})?`

/**
 * The formats of strings that are known, as patterns for the whole string. Each text is valid for its format; where a
 * format allows texts of any length, or of any kind (`uri`, `email`), these are the usual ones.
 */
export const formats: ReadonlyMap<string, string> = new Map([
  ['date', date],
  ['time', time],
  ['date-time', `${date}T${time}`],
  ['duration', duration],
  ['email', `${mailbox}@${domain}`],
  ['hostname', hostname],
  ['ipv4', ipv4],
  ['ipv6', ipv6],
  ['uri', uri],
  ['uuid', '[\\da-fA-F]{8}(?:-[\\da-fA-F]{4}){3}-[\\da-fA-F]{12}'],
])

/** What is said of the size of numbers, and what it leaves. Others are no narrower than JavaScript's own. */
export const numberFormats: ReadonlyMap<string, readonly [min: number, max: number]> = new Map([
  ['int32', [-(2 ** 31), 2 ** 31 - 1]],
  ['uint32', [0, 2 ** 32 - 1]],
  ['uint64', [0, Infinity]],
  ...['int64', 'float', 'double'].map((name) => [name, [-Infinity, Infinity]] as const),
])
