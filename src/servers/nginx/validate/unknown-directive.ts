import { memo } from '../../../../parsers/collections/memo.ts'
import { NO_BREAK_SPACE } from '../../../../parsers/text/no-break-space.ts'
import type { NginxDirective } from '../configuration.ts'
import { externalModuleOf, nearestDirective, nginxDirective } from '../directives.ts'
import { BUILDS, TENGINE } from './foreign-values.ts'
import { knowsModules, type NginxUnit, type Reading, report } from './unit.ts'

/** nginx reads bytes, and takes the three of the mark for letters. */
export const BYTE_ORDER_MARK = '\uFEFF'

/** What begins a comment in C, HTML or SQL. */
const OTHER_COMMENT = /^(?:\/\*|\/\/|<!--|--(?=$|[^\w]))/

export function reportUnknown(reading: Reading, directive: NginxDirective): void {
  const { name, context } = directive
  if (name.startsWith(BYTE_ORDER_MARK)) {
    // What makes the file of a template may read the mark as one.
    if (directive.source.template) return
    const message = `a byte-order mark stands before \`${name.slice(1)}\`, and nginx takes it for a part of the name: unknown directive`
    const help = 'Save the file as UTF-8 without a byte-order mark (BOM)'
    report(reading, 'unknown-directive', directive, null, message, { help })
    return
  }
  const comment = OTHER_COMMENT.exec(name)?.[0]
  if (comment !== undefined) {
    const message = `\`${comment}\` begins no comment in nginx, which takes all up to the next \`;\` or \`{\` for a directive: unknown directive`
    report(reading, 'unknown-directive', directive, null, message, {
      help: 'Write `#` in front of each line of it',
    })
    return
  }
  if (name.includes(NO_BREAK_SPACE)) {
    const message =
      'a no-break space stands here, and nginx takes it for a letter of the name: unknown directive'
    const help = 'Write a plain space (the no-break space, U+00A0, comes of pasting from a page)'
    report(reading, 'unknown-directive', directive, null, message, { help })
    return
  }
  const module = externalModuleOf(name)
  if (module !== null) {
    // One name of it tells which server the file is for.
    if ((reading.foreign && module.name !== TENGINE) || !knowsModules(reading)) return
    const build = BUILDS.get(module.name)
    const message =
      build === undefined
        ? `\`${name}\` belongs to the module ${module.name}, which no \`load_module\` here loads`
        : `\`${name}\` belongs to ${build}, and any other nginx does not start with it`
    const help =
      build === undefined
        ? 'Load the module, unless this nginx was built with it'
        : `Leave it out, unless this is ${build}`
    report(reading, 'module-not-loaded', directive, null, message, {
      ...{ fatal: false, help },
      ...(build !== undefined && { build }),
    })
    return
  }
  const near = writtenOtherwise(directive) ?? cutShort(directive) ?? nearestDirective(name, context)
  // Where other modules may be at work, only a slip of one letter is surely no directive of theirs.
  const isRest = isRestOfValue(directive) || ADDRESS.test(name)
  // A build with one module of others may have more of them.
  const knowsAll = knowsModules(reading) && !reading.hasForeignNames
  const fatal = isRest || (!reading.foreign && (knowsAll || (near !== null && !isPatched(reading.unit))))
  if (!fatal && near === null) return
  report(reading, 'unknown-directive', directive, null, `nginx knows no directive \`${name}\``, {
    fatal,
    ...(near === null ? {} : { help: `Did you mean \`${near}\`?` }),
  })
}

/** True for what a `;` too many cuts off a value, `/srv/www/;page.html;`: no module calls a directive like a file. */
function isRestOfValue({ source, node, name, args }: NginxDirective): boolean {
  return (
    args.length === 0 &&
    node.block === null &&
    source.text[node.name.start - 1] === ';' &&
    /^[\w-]*\/?[\w-]+\.[a-z]\w*$/i.test(name)
  )
}

/**
 * True where a name stands that is no slip in one that nginx knows: somebody built this nginx with directives of
 * their own, and what looks like a slip may be another of them.
 */
export const isPatched = memo(({ occurrences }: NginxUnit): boolean => {
  for (const [name, [first]] of occurrences) {
    if (first === undefined || first.context === 'data' || first.context === 'unknown') continue
    if (!PATCHED_NAME.test(name) || nginxDirective(name).length > 0 || externalModuleOf(name) !== null)
      continue
    if (
      writtenOtherwise(first) === null &&
      cutShort(first) === null &&
      nearestDirective(name, first.context) === null
    )
      return true
  }
  return false
})

const PATCHED_NAME = /^[a-z][a-z\d]*_[a-z\d_]+$/

/** What nginx has for Apache's directives, in whose case no module of nginx writes its own. */
const OF_APACHE: ReadonlyMap<string, string> = new Map([
  ['DocumentRoot', 'root'],
  ['ServerName', 'server_name'],
  ['ServerAlias', 'server_name'],
  ['DirectoryIndex', 'index'],
  ['ErrorLog', 'error_log'],
  ['CustomLog', 'access_log'],
  ['ErrorDocument', 'error_page'],
  ['ProxyPass', 'proxy_pass'],
  ['RewriteRule', 'rewrite'],
  ['RewriteCond', 'if'],
])

/**
 * The directive that is surely meant: Apache's name for it, the same letters in capitals, its first two words
 * apart, or the name of a build's option, `http_` before a directive of `http`. No module of others is called so.
 */
function writtenOtherwise({ name, args }: NginxDirective): string | null {
  const own = OF_APACHE.get(name)
  if (own !== undefined) return own
  const lower = name.toLowerCase()
  // A word in capitals alone is a mark that some script replaces.
  if (lower !== name && /[a-z]/.test(name) && nginxDirective(lower).length > 0) return lower
  const [next] = args
  if (next !== undefined && WORD.test(next.value)) {
    const joined = `${name}_${next.value}`
    const known = nginxDirective(joined)
    if (known.some(({ minimum, maximum }) => args.length > minimum && args.length - 1 <= maximum))
      return joined
  }
  if (!name.startsWith('http_')) return null
  const rest = name.slice('http_'.length)
  return (
    [rest, `${rest}_path`].find(each => nginxDirective(each).some(({ program }) => program === 'http')) ??
    null
  )
}

const WORD = /^[a-z_]+$/

/** An address at the beginning of a line is what a directive was forgotten in front of. */
const ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?$/

/**
 * `listen`, where an address of a server and what else that takes stand behind the name: no other directive is followed
 * by both, and by an address alone none that begins so.
 */
function cutShort({ name, args, context, node }: NginxDirective): string | null {
  if (!/^server$|^stream server$/.test(context) || node.block !== null) return null
  const [address, ...parameters] = args.map(({ value }) => value)
  const isBegun = name.length > 2 && ('listen'.startsWith(name) || name.startsWith('listen'))
  if (!isBegun && parameters.length === 0) return null
  if (address === undefined || !/^(?:(?:\[[\da-f:]*\]|\*|[\d.]+):)?\d{1,5}$/i.test(address)) return null
  return parameters.every(value => LISTEN_PARAMETER.test(value)) ? 'listen' : null
}

const LISTEN_PARAMETER =
  /^(?:ssl|http2|quic|udp|default_server|default|reuseport|deferred|bind|proxy_protocol|ipv6only=(?:on|off)|so_keepalive=\S+|backlog=\d+|fastopen=\d+)$/
