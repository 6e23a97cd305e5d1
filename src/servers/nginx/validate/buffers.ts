import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { STAND_IN } from '../../../../parsers/text/stand-in.ts'
import type { NginxDirective } from '../configuration.ts'
import { effective } from './merge.ts'
import { parseNumber, parseSize } from './numbers.ts'
import { isWhole, type Program, type Reading, report } from './unit.ts'

/**
 * Sizes of buffers that contradict each other in one block, by nginx's merge of each location: the busy
 * buffers hold at least one buffer and leave one free; a temporary file takes at least one buffer.
 */
export function checkBuffers(reading: Reading): void {
  if (reading.unit.main === null || reading.unit.fragments) return
  for (const family of ['proxy', 'fastcgi', 'uwsgi', 'scgi']) {
    const blocks = new Set<NginxDirective>()
    for (const suffix of SUFFIXES)
      for (const directive of reading.unit.occurrences.get(`${family}_${suffix}`) ?? [])
        if (
          directive.parent !== null &&
          directive.context !== 'stream' &&
          directive.context !== 'stream server'
        )
          blocks.add(directive.parent)
    for (const block of blocks)
      if (
        isMerged(block, reading.http, family) &&
        (isWhole(reading) || isSeen(block)) &&
        !checkBlock(reading, block, family)
      )
        return
  }
}

/** True where nothing that is not seen can set a size for a block: no included file, no line of a template. */
function isSeen(block: NginxDirective): boolean {
  for (let at: NginxDirective | null = block; at !== null; at = at.parent) {
    const isOpen = at.children.some(
      ({ name, source }) => isUnknownWord(name) || (name === 'include' && !source.path.startsWith(STAND_IN)),
    )
    if (isOpen) return false
  }
  return true
}

const SUFFIXES = [
  'buffer_size',
  'buffers',
  'busy_buffers_size',
  'temp_file_write_size',
  'max_temp_file_size',
] as const

/** What stands in `http` itself is compared where a server sets none of its own. */
function isMerged(block: NginxDirective, { servers }: Program, family: string): boolean {
  if (block.name !== 'http') return true
  const names = new Set<string>(SUFFIXES.map(suffix => `${family}_${suffix}`))
  return servers.some(({ directive }) => !directive.children.some(({ name }) => names.has(name)))
}

/** The page size of the machines that nginx runs on: its default for a buffer. */
const PAGE = 4096

function checkBlock(reading: Reading, block: NginxDirective, family: string): boolean {
  const at = (suffix: string): NginxDirective | null => effective(block, `${family}_${suffix}`)
  const size = (suffix: string): number | null => {
    const word = at(suffix)?.args[0]
    return word === undefined ? null : parseSize(word.value)
  }
  // A size that a template fills in may fit the others.
  if (SUFFIXES.some(suffix => at(suffix)?.args.some(({ value }) => isUnknownWord(value)))) return true
  const buffers = at('buffers')
  const count = buffers === null ? 8 : (parseNumber(buffers.args[0]?.value ?? '') ?? 8)
  const each = buffers === null ? PAGE : (parseSize(buffers.args[1]?.value ?? '') ?? PAGE)
  if (count < 2 && buffers !== null)
    return contradict(reading, buffers, `\`${family}_buffers\` are fewer than two`)
  const largest = Math.max(size('buffer_size') ?? PAGE, each)
  const busy = size('busy_buffers_size') ?? 2 * largest
  const culprit = at('busy_buffers_size') ?? at('buffer_size') ?? buffers
  if (culprit !== null && busy < largest)
    return contradict(
      reading,
      culprit,
      `\`${family}_busy_buffers_size\` is ${busy}, less than one buffer of ${largest}`,
    )
  if (culprit !== null && busy > (count - 1) * each) {
    const source = at('busy_buffers_size') === null ? ', twice the largest buffer,' : ','
    const message = `\`${family}_busy_buffers_size\` is ${busy}${source} more than all \`${family}_buffers\` but one hold, ${(count - 1) * each}`
    return contradict(reading, culprit, message)
  }
  const write = at('temp_file_write_size')
  const chunk = size('temp_file_write_size')
  if (write !== null && chunk !== null && chunk < largest)
    return contradict(reading, write, `\`${write.name}\` is ${chunk}, less than one buffer of ${largest}`)
  const file = at('max_temp_file_size')
  const most = size('max_temp_file_size')
  if (file !== null && most !== null && most !== 0 && most < largest)
    return contradict(
      reading,
      file,
      `\`${file.name}\` is ${most}: neither 0 nor as much as one buffer, ${largest}`,
    )
  return true
}

function contradict(reading: Reading, directive: NginxDirective, message: string): false {
  report(reading, 'buffers-inconsistent', directive, directive.args[0] ?? null, message, { certain: true })
  return false
}

/** A pool of a connection takes up one large buffer of a request's headers at least. */
export function checkHeaderBuffers(reading: Reading, program: Program): void {
  const { occurrences } = reading.unit
  if (!isWhole(reading)) return
  if (!occurrences.has('large_client_header_buffers') && !occurrences.has('connection_pool_size')) return
  for (const { directive } of program.servers) {
    const buffers = effective(directive, 'large_client_header_buffers')
    const pool = effective(directive, 'connection_pool_size')
    if (buffers === null && pool === null) continue
    const each = buffers === null ? 8192 : (parseSize(buffers.args[1]?.value ?? '') ?? 8192)
    const least = pool === null ? 512 : (parseSize(pool.args[0]?.value ?? '') ?? 512)
    if (each >= least) continue
    const message = `\`large_client_header_buffers\` of ${each} are smaller than \`connection_pool_size\`, ${least}`
    report(reading, 'buffers-inconsistent', buffers ?? pool ?? directive, null, message)
    return
  }
}

/** Two charsets that meet in one block need a `charset_map` that leads from one to the other. */
export function checkCharsets(reading: Reading): void {
  const { occurrences } = reading.unit
  const sources = occurrences.get('source_charset')
  if (sources === undefined || !isWhole(reading)) return
  const blocks = new Set<NginxDirective>()
  for (const { parent } of [...sources, ...(occurrences.get('charset') ?? [])])
    if (parent !== null) blocks.add(parent)
  for (const block of blocks) {
    const to = effective(block, 'charset')
    const from = effective(block, 'source_charset')
    const target = to?.args[0]?.value.toLowerCase() ?? 'off'
    const origin = from?.args[0]?.value.toLowerCase() ?? 'off'
    if (
      to === null ||
      target === origin ||
      [target, origin].some(name => name === 'off' || name.startsWith('$'))
    )
      continue
    const maps = occurrences.get('charset_map') ?? []
    const isMapped = maps.some(({ args }) => {
      const pair = args.map(({ value }) => value.toLowerCase())
      return pair.includes(target) && pair.includes(origin)
    })
    if (isMapped) continue
    report(
      reading,
      'invalid-value',
      to,
      to.args[0] ?? null,
      `no \`charset_map\` leads from \`${origin}\` to \`${target}\``,
    )
    return
  }
}
