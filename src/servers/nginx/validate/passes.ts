import { ownTable } from '../../../../parsers/text/own-table.ts'
import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import { judgePattern } from '../../pcre/judge-pattern.ts'
import type { NginxDirective } from '../configuration.ts'
import { isPossibleNginxHost, type NginxAddress, parseNginxAddress } from '../../addresses/nginx.ts'
import { readLocationMatch } from './locations.ts'
import { effective } from './merge.ts'
import { compileRegex } from './rewrite.ts'
import { childrenNamed } from '../queries/scope.ts'
import { compile, useVariable } from './script.ts'
import {
  type Check,
  isBefore,
  isWhole,
  nameOf,
  type Program,
  programOf,
  type Reading,
  report,
} from './unit.ts'
import { reportPort } from './upstream.ts'
import { refuse, refuseParameter } from './values.ts'

export const checkProxyPass: Check = (reading, directive, facts, level) => {
  const [target] = directive.args
  if (target === undefined) return
  const program = programOf(reading, facts)
  if (target.value.includes('$')) {
    compile(reading, program, directive, target)
    return
  }
  if (facts.program === 'stream') {
    wantPort(program, directive, target, readTarget(reading, program, directive, target, target.value, false))
    return
  }
  const scheme = /^https?:\/\//i.exec(target.value)?.[0]
  if (scheme === undefined) {
    const message = `\`${target.value}\` begins with neither \`http://\` nor \`https://\``
    report(reading, 'invalid-address', directive, target, message)
    return
  }
  const rest = target.value.slice(scheme.length)
  const address = readTarget(reading, program, directive, target, rest, true)
  if (address === null || address.uri === '') return
  const place = placeWithoutUri(directive, level.context)
  if (place === null) return
  const message = `\`proxy_pass\` has the path \`${address.uri}\`, which it may not have ${place}`
  report(reading, 'uri-not-allowed', directive, target, message)
}

/** Why nginx cannot tell which part of the request a path would replace; null where it can. */
function placeWithoutUri(directive: NginxDirective, context: string): string | null {
  if (context === 'location if') return 'inside `if`'
  if (context === 'limit_except') return 'inside `limit_except`'
  const match = directive.parent === null ? null : readLocationMatch(directive.parent)
  if (match?.kind === 'named') return 'in a named location'
  if (match?.kind === 'regex' || match?.kind === 'regex-caseless')
    return 'in a location given by a regular expression'
  return null
}

/** An address that a request is passed to; null where it is malformed. */
function readTarget(
  reading: Reading,
  program: Program,
  directive: NginxDirective,
  word: NginxWord,
  text: string,
  uri: boolean,
): NginxAddress | null {
  const address = parseNginxAddress(text, { uri })
  if (typeof address === 'string') {
    report(
      reading,
      'invalid-address',
      directive,
      word,
      `\`${word.value}\` is no address to connect to: ${address}`,
    )
    return null
  }
  if (address.port !== null) {
    const port = String(address.port)
    const host = address.host.toLowerCase()
    const upstream = program.upstreams.get(host)
    if (upstream !== undefined) {
      if (isWhole(reading) || upstream.directive.source === directive.source)
        reportPort(reading, directive, address.host, port, upstream.directive)
    } else if (!program.ports.has(host)) program.ports.set(host, { directive, word, port })
  }
  if (!isPossibleNginxHost(address))
    program.impossible.push({ directive, word, host: address.host.toLowerCase() })
  return address
}

/** `fastcgi_pass`, `uwsgi_pass`, `scgi_pass`, `grpc_pass`, `memcached_pass`. */
export const checkPass: Check = (reading, directive, facts) => {
  const [target] = directive.args
  if (target === undefined) return
  const program = programOf(reading, facts)
  if (directive.name === 'memcached_pass')
    useVariable(program, 'memcached_key', directive, directive.node.name)
  if (target.value.includes('$')) {
    compile(reading, program, directive, target)
    return
  }
  const schemes = SCHEMES[directive.name]
  const text = schemes === undefined ? target.value : target.value.replace(schemes, '')
  wantPort(program, directive, target, readTarget(reading, program, directive, target, text, false))
}

function wantPort(
  program: Program,
  directive: NginxDirective,
  word: NginxWord,
  address: NginxAddress | null,
): void {
  if (address !== null && address.address.kind !== 'unix' && address.port === null)
    program.portless.push({ directive, word, host: address.host.toLowerCase() })
}

/** When the block ends: a target without a port, or one that nothing resolves, that is no upstream's name. */
export function checkTargets(reading: Reading, program: Program): void {
  if (!isWhole(reading)) return
  for (const { directive, word, host } of program.impossible)
    if (!program.upstreams.has(host)) {
      const message = `\`${word.value}\` has no name that a host can have, and no \`upstream\` has that name`
      report(reading, 'invalid-address', directive, word, message)
      return
    }
  for (const { directive, word, host } of program.portless)
    if (!program.upstreams.has(host)) {
      const message = `\`${word.value}\` names no port, and no \`upstream\` has that name`
      report(reading, 'invalid-address', directive, word, message)
      return
    }
}

/** `https://` targets whose certificate is to be verified, with nothing to verify it by. */
export function checkVerification(reading: Reading): void {
  if (!isWhole(reading)) return
  for (const [family, scheme] of VERIFYING)
    for (const pass of reading.unit.occurrences.get(`${family}_pass`) ?? []) {
      const { parent } = pass
      const target = pass.args[0]?.value ?? ''
      if (parent === null || !(target.toLowerCase().startsWith(scheme) || target.startsWith('$'))) continue
      const verify = effective(parent, `${family}_ssl_verify`)
      if (verify?.args[0]?.value.toLowerCase() !== 'on') continue
      if (effective(parent, `${family}_ssl_trusted_certificate`) !== null) continue
      const message = `\`${verify.name}\` is on where no \`${family}_ssl_trusted_certificate\` holds`
      report(reading, 'certificate-missing', verify, null, message)
      return
    }
}

const VERIFYING = [
  ['proxy', 'https://'],
  ['uwsgi', 'suwsgi://'],
  ['grpc', 'grpcs://'],
] as const

const SCHEMES: Readonly<Record<string, RegExp>> = ownTable({
  uwsgi_pass: /^s?uwsgi:\/\//i,
  grpc_pass: /^grpcs?:\/\//i,
})

export const checkProxyRedirect: Check = (reading, directive) => {
  const [from, to] = directive.args
  if (from === undefined || isBesideOff(reading, directive)) return
  if (to !== undefined) {
    compilePattern(reading, directive, from, to)
    return
  }
  if (from.value === 'off') return
  if (from.value !== 'default') {
    refuseParameter(reading, directive, from)
    return
  }
  const { parent } = directive
  if (parent === null) return
  const siblings = parent.children
  const pass = siblings.find(sibling => sibling.name === 'proxy_pass')
  if (pass === undefined && reading.unit.hasUnknownParts) return
  if (pass === undefined || siblings.indexOf(pass) > siblings.indexOf(directive)) {
    const message = '`proxy_redirect default` stands before the `proxy_pass` that it takes its default from'
    report(reading, 'wrong-order', directive, from, message)
  } else if (pass.args[0]?.value.includes('$') === true) {
    const message = '`proxy_redirect default` has no default where `proxy_pass` holds variables'
    report(reading, 'invalid-value', directive, from, message)
  }
}

/** The release from which this is known; some older ones keep what comes first or last. */
const OFF_STANDS_ALONE = '1.22.0'

/** True, and reported, where a level says `off` and something else too, in whichever order, or `off` twice. */
function isBesideOff(reading: Reading, directive: NginxDirective): boolean {
  const { name, parent } = directive
  if (parent === null || isBefore(reading, OFF_STANDS_ALONE)) return false
  const isOff = ({ args }: NginxDirective): boolean => args.length === 1 && args[0]?.value === 'off'
  const all = childrenNamed(parent, name)
  const first = all.slice(0, all.indexOf(directive)).find(other => isOff(directive) || isOff(other))
  if (first === undefined) return false
  const message = `\`${name} off\` stands beside another \`${name}\` in one block: "${name}" directive is duplicate`
  report(reading, 'duplicate-directive', directive, null, message, {
    related: [{ at: nameOf(first), message: 'here it stands already' }],
  })
  return true
}

/** A pair of a pattern and its replacement, where `~` begins a regular expression. */
function compilePattern(
  reading: Reading,
  directive: NginxDirective,
  from: NginxWord,
  to: NginxWord,
): boolean {
  if (from.value.startsWith('~')) {
    const pattern = from.value.slice(from.value.startsWith('~*') ? 2 : 1)
    if (!compileRegex(reading, reading.http, directive, from, pattern)) return false
  } else if (!compile(reading, reading.http, directive, from)) return false
  return compile(reading, reading.http, directive, to)
}

export const checkProxyCookie: Check = (reading, directive) => {
  const [from, to] = directive.args
  if (from === undefined || isBesideOff(reading, directive)) return
  if (to !== undefined) compilePattern(reading, directive, from, to)
  else if (from.value !== 'off') refuseParameter(reading, directive, from)
}

export const checkProxyCookieFlags: Check = (reading, directive) => {
  const [cookie, ...flags] = directive.args
  if (cookie === undefined || isBesideOff(reading, directive)) return
  if (flags.length === 0) {
    if (cookie.value !== 'off') refuseParameter(reading, directive, cookie)
    return
  }
  if (cookie.value.startsWith('~')) {
    if (!compileRegex(reading, reading.http, directive, cookie, cookie.value.slice(1))) return
  } else if (!compile(reading, reading.http, directive, cookie)) return
  // nginx reads the flags while it answers: a word that is none is accepted.
  for (const flag of flags) if (!compile(reading, reading.http, directive, flag)) return
}

/** The third argument of `fastcgi_param` and its like. */
export const checkParam: Check = (reading, directive) => {
  const last = directive.args[2]
  if (last !== undefined && last.value !== 'if_not_empty') refuseParameter(reading, directive, last)
}

export const checkSplitPathInfo: Check = (reading, directive) => {
  const [word] = directive.args
  if (word === undefined || !compileRegex(reading, reading.http, directive, word, word.value)) return
  if (judgePattern(word.value, reading.pcre).groups !== 2)
    refuse(reading, directive, word, `\`${word.value}\` does not have two groups`)
}

/** `auth_http` of mail: an address with a path, `http://` before it or not. */
export const checkAuthHttp: Check = (reading, directive) => {
  const [word] = directive.args
  if (word === undefined) return
  const address = parseNginxAddress(word.value.replace(/^http:\/\//i, ''), { uri: true })
  if (typeof address === 'string')
    report(
      reading,
      'invalid-address',
      directive,
      word,
      `\`${word.value}\` is no address of a server: ${address}`,
    )
}
