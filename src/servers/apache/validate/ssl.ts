import { ownTable } from '../../../../parsers/text/own-table.ts'
import { posix } from 'node:path'
import type { ApacheDirective } from '../configuration.ts'
import { argument, type Check, type Fault, invalid, mayBeLoaded, textAfterWords, type Walk } from './check.ts'
import { expressionFault } from './expression.ts'
import { absolutePath, directoryFault, fileFault, NOWHERE } from './paths.ts'

/** SSLv3 is left out: whether it is there is a matter of the OpenSSL that the server is built with. */
const PROTOCOLS = new Set(['all', 'sslv3', 'tlsv1', 'tlsv1.1', 'tlsv1.2', 'tlsv1.3'])

export const checkProtocols: Check = directive => {
  for (const word of directive.args) {
    const sign = /^[+-]/.exec(word.value)?.[0] ?? ''
    const name = word.value.slice(sign.length).toLowerCase()
    if (name === 'sslv2' && sign !== '-') return invalid('SSLv2 is no longer supported', word)
    if (name === 'sslv2' || PROTOCOLS.has(name)) continue
    return invalid(`there is no protocol \`${word.value}\``, word, protocolHelp(word.value))
  }
  return null
}

function protocolHelp(value: string): string {
  return value.includes(',') ? 'part protocols by blanks' : 'write for example `-all +TLSv1.2 +TLSv1.3`'
}

export const checkCipherSuite: Check = (directive, scope) => {
  const [first, second] = directive.args
  if (second === undefined) return null
  const protocol = first?.value.toUpperCase()
  if (protocol !== 'SSL' && protocol !== 'TLSV1.3') {
    return invalid(
      `\`${first?.value}\` is no protocol with ciphers of its own`,
      first,
      'write the ciphers as one word, parted by colons',
    )
  }
  if (protocol === 'TLSV1.3' && scope.path !== null) {
    return invalid('the ciphers of TLSv1.3 cannot be set in a section', first)
  }
  return null
}

const OPTIONS = new Set(
  'stdenvvars exportcertdata fakebasicauth strictrequire optrenegotiate legacydnstringformat exportbothcertdata'.split(
    ' ',
  ),
)

export const checkSslOptions: Check = directive => {
  for (const word of directive.args) {
    const name = word.value.replace(/^[+-]/, '').toLowerCase()
    if (!OPTIONS.has(name)) return invalid(`\`SSLOptions\` knows no \`${word.value}\``, word)
  }
  return null
}

/** A certificate or key: a file with something in it, or a URI of a token. */
export const checkPemFile: Check = (directive, _scope, walk) => {
  const path = argument(directive, 0)
  if (path.startsWith('pkcs11:')) return null
  const fault = fileFault(directive, path, directive.args[0], walk)
  if (fault !== null) return isKeptElsewhere(directive, path, walk) ? null : fault
  return emptyFault(directive, path, walk)
}

/** Repositories and copies leave out keys, and certificates by their extension. */
function isKeptElsewhere({ name }: ApacheDirective, path: string, walk: Walk): boolean {
  const { files } = walk.unit
  const absolute = absolutePath(path, walk)
  if (absolute === null || files.covers(NOWHERE)) return false
  if (name.toLowerCase().endsWith('keyfile')) return true
  const extension = posix.extname(absolute)
  const entries = files.list(posix.dirname(absolute)) ?? []
  return extension !== '' && !entries.some(entry => entry.name.endsWith(extension))
}

function emptyFault(directive: ApacheDirective, path: string, walk: Walk): Fault | null {
  const absolute = absolutePath(path, walk)
  if (absolute === null || walk.unit.files.kind(absolute) !== 'file') return null
  const read = walk.unit.files.read(absolute)
  if (read.kind !== 'source' || read.source.text !== '') return null
  return { code: 'path-missing', message: `${absolute} is empty`, word: directive.args[0] }
}

export const checkPemDirectory: Check = (directive, _scope, walk) =>
  directoryFault(directive, argument(directive, 0), directive.args[0], walk)

/** The CA of a section, which OpenSSL has no way to set: httpd refuses the line. */
export const ofServerAlone =
  (check: Check): Check =>
  (directive, scope, walk) =>
    scope.path === null
      ? check(directive, scope, walk)
      : {
          code: 'not-allowed-here',
          message: `\`${directive.name}\` stands in a section: Your SSL library does not have support for per-directory CA`,
          help: 'move it to the virtual host',
        }

const CACHES: Readonly<Record<string, string>> = ownTable({
  shmcb: 'socache_shmcb_module',
  dbm: 'socache_dbm_module',
  memcache: 'socache_memcache_module',
  redis: 'socache_redis_module',
})

/** `SSLSessionCache`, `SSLStaplingCache`: a provider that a socache module brings, and its arguments. */
export function cacheCheck(none: boolean): Check {
  return (directive, _scope, walk) => {
    const word = directive.args[0]
    const value = word?.value ?? ''
    const lower = value.toLowerCase()
    if (none && (lower === 'none' || lower === 'nonenotnull')) return null
    const colon = value.indexOf(':')
    const name = colon === -1 ? value : value.slice(0, colon)
    const module = CACHES[name]
    // `default` is whatever provider the server was built to take first.
    if (name === 'default' || walk.names.open) return null
    if (module === undefined) {
      return walk.unit.modulesComplete
        ? { code: 'unknown-provider', message: `there is no cache \`${name}\``, word }
        : null
    }
    if (!mayBeLoaded(walk.unit, module)) {
      return {
        code: 'unknown-provider',
        message: `the cache \`${name}\` needs \`${module}\`, which is not loaded`,
        word,
        help: `load \`${module}\``,
      }
    }
    return name === 'shmcb' && colon !== -1 ? sizeFault(value.slice(colon + 1), word) : null
  }
}

function sizeFault(text: string, word: ApacheDirective['args'][number] | undefined): Fault | null {
  const open = text.indexOf('(')
  if (open === -1) return null
  const size = /^\(([0-9]+)\)$/.exec(text.slice(open))
  if (size === null)
    return invalid(`the size of the cache in \`${text}\` is not a number in parentheses at the end`, word)
  if (Number(size[1]) < 8192) return invalid('the cache is less than 8192 bytes', word)
  return null
}

export const checkPassPhraseDialog: Check = (directive, _scope, walk) => {
  const word = directive.args[0]
  const value = word?.value ?? ''
  if (value === 'builtin') return null
  const program = /^(?:exec:|\|)(.+)$/s.exec(value)?.[1]
  if (program === undefined) return invalid(`\`${value}\` is neither \`builtin\` nor a program`, word)
  return value.startsWith('exec:') ? fileFault(directive, program, word, walk) : null
}

export const checkRandomSeed: Check = (directive, _scope, walk) => {
  const [context, source, bytes] = directive.args
  const where = context?.value.toLowerCase()
  if (where !== 'startup' && where !== 'connect')
    return invalid(`\`${context?.value}\` is no moment of seeding`, context)
  const value = source?.value ?? ''
  if (value.toLowerCase() === 'builtin') {
    return bytes === undefined ? null : invalid('`builtin` takes no number of bytes', bytes)
  }
  if (value.startsWith('egd:')) return null
  return fileFault(directive, value.replace(/^(?:file|exec):/, ''), source, walk)
}

/** `SSLRequire` reads an expression of its own; its quotes are part of it. */
export const checkSslRequire: Check = (directive, _scope, walk) => {
  const text = textAfterWords(directive, 0)
  const fault = expressionFault(text, 'boolean', { ...walk.names, open: true })
  if (fault === null) return null
  return {
    code: 'invalid-expression',
    message: `\`SSLRequire\` cannot be read: ${fault}`,
    word: directive.args[0],
  }
}

export function revocationCheck(words: readonly string[], extra: string): Check {
  return directive => {
    if (directive.args.length === 0) {
      return { code: 'wrong-argument-count', message: `\`${directive.name}\` has no argument` }
    }
    for (const [index, word] of directive.args.entries()) {
      const value = word.value.toLowerCase()
      if (index === 0 ? words.includes(value) : value === extra) continue
      return invalid(`\`${word.value}\` is no value of \`${directive.name}\``, word)
    }
    return null
  }
}
