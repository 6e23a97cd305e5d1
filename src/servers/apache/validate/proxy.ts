import { ownTable } from '../../../../parsers/text/own-table.ts'
import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import type { ApacheDirective } from '../configuration.ts'
import { type Check, type Fault, invalid, mayBeLoaded, type Scope, argument, type Walk } from './check.ts'
import { regexFault } from './regex.ts'
import { type Opening, openerFault } from './opener.ts'
import { isTime, leadingNumber } from './values.ts'

type Parameter =
  | { readonly kind: 'any' }
  | { readonly kind: 'number'; readonly least: number; readonly most?: number; readonly zero?: boolean }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'time'; readonly zero: boolean }
  | { readonly kind: 'status' }
  | { readonly kind: 'method' }

const ANY: Parameter = { kind: 'any' }
const ON_OFF: Parameter = { kind: 'words', words: ['on', 'off'] }

/** The parameters of a worker, as mod_proxy 2.4.71 knows them. */
const WORKER: ReadonlyMap<string, Parameter> = new Map<string, Parameter>([
  ['loadfactor', { kind: 'number', least: 1, most: 100 }],
  ['retry', { kind: 'number', least: 0 }],
  ['ttl', { kind: 'number', least: 1 }],
  ['addressttl', ANY],
  ['min', { kind: 'number', least: 0 }],
  ['max', { kind: 'number', least: 0 }],
  ['smax', { kind: 'number', least: 0 }],
  ['acquire', { kind: 'time', zero: true }],
  ['timeout', { kind: 'number', least: 1 }],
  ['iobuffersize', { kind: 'number', least: 512, zero: true }],
  ['receivebuffersize', { kind: 'number', least: 512, zero: true }],
  ['keepalive', ON_OFF],
  ['disablereuse', ON_OFF],
  ['enablereuse', ON_OFF],
  ['route', ANY],
  ['redirect', ANY],
  ['status', { kind: 'status' }],
  ['flushpackets', { kind: 'words', words: ['on', 'off', 'auto'] }],
  ['flushwait', ANY],
  ['ping', { kind: 'time', zero: true }],
  ['lbset', { kind: 'number', least: 0, most: 99 }],
  ['connectiontimeout', { kind: 'time', zero: false }],
  ['flusher', ANY],
  ['upgrade', ANY],
  ['secret', ANY],
  ['responsefieldsize', { kind: 'number', least: 0 }],
])
const HEALTH = new Set('hcinterval hcpasses hcfails hcuri hctemplate hcmethod hcexpr'.split(' '))

/** The parameters of a balancer. */
const BALANCER: ReadonlyMap<string, Parameter> = new Map<string, Parameter>([
  ['stickysession', ANY],
  ['stickysessionsep', ANY],
  ['nofailover', ON_OFF],
  ['timeout', { kind: 'number', least: 1 }],
  ['maxattempts', { kind: 'number', least: 0 }],
  ['lbmethod', { kind: 'method' }],
  ['scolonpathdelim', ON_OFF],
  ['failonstatus', ANY],
  ['failontimeout', ON_OFF],
  ['nonce', ANY],
  ['growth', { kind: 'number', least: 0 }],
  ['forcerecovery', ON_OFF],
])
const LB_METHODS: Readonly<Record<string, string>> = ownTable({
  byrequests: 'lbmethod_byrequests_module',
  bytraffic: 'lbmethod_bytraffic_module',
  bybusyness: 'lbmethod_bybusyness_module',
  heartbeat: 'lbmethod_heartbeat_module',
})

/** One `key=value` of a worker or balancer. */
function parameterFault(
  directive: ApacheDirective,
  word: ApacheWord,
  balancer: boolean,
  walk: Walk,
): Fault | null {
  const equals = word.value.indexOf('=')
  if (equals === -1) {
    return invalid(`\`${word.value}\` is no \`key=value\``, word)
  }
  const key = word.value.slice(0, equals).toLowerCase()
  const value = word.value.slice(equals + 1)
  const parameter = (balancer ? BALANCER : WORKER).get(key)
  if (parameter === undefined) {
    if (!balancer && HEALTH.has(key) && mayBeLoaded(walk.unit, 'proxy_hcheck_module')) return null
    const what = balancer ? 'balancer' : 'worker'
    return invalid(`\`${directive.name}\` knows no parameter \`${key}\` of a ${what}`, word)
  }
  return valueFault(parameter, key, value, word, walk)
}

function valueFault(
  parameter: Parameter,
  key: string,
  value: string,
  word: ApacheWord,
  walk: Walk,
): Fault | null {
  switch (parameter.kind) {
    case 'any':
      return null
    case 'words':
      return parameter.words.includes(value.toLowerCase())
        ? null
        : invalid(`\`${key}\` is one of ${parameter.words.join(', ')}, never \`${value}\``, word)
    case 'number': {
      const number = leadingNumber(value)
      if (parameter.zero === true && number === 0) return null
      if (number >= parameter.least && number <= (parameter.most ?? Number.POSITIVE_INFINITY)) return null
      return invalid(`\`${word.value}\` is out of range`, word)
    }
    case 'time': {
      if (!isTime(value)) return invalid(`\`${value}\` is no time`, word)
      return !parameter.zero && leadingNumber(value) === 0
        ? invalid(`\`${word.value}\` is no time at all`, word)
        : null
    }
    case 'status':
      return /^(?:[+-]?[disehncrDISEHNCR])*$/.test(value)
        ? null
        : invalid(`\`${value}\` is no status of a worker`, word)
    case 'method': {
      if (walk.names.open) return null
      const module = LB_METHODS[value]
      if (module !== undefined && mayBeLoaded(walk.unit, module)) return null
      if (module === undefined && !walk.unit.modulesComplete) return null
      const message =
        module === undefined
          ? `there is no balancing method \`${value}\``
          : `the balancing method \`${value}\` needs \`${module}\`, which is not loaded`
      return { code: 'unknown-provider', message, word }
    }
  }
}

const LOOSE_WORDS = new Set(['nocanon', 'interpolate', 'noquery'])

/** `ProxyPass` and `ProxyPassMatch`. */
export function proxyPassCheck(match: boolean): Check {
  return (directive, scope, walk) => {
    let words = [...directive.args]
    let regex = match
    if (scope.path === null && !match && words[0]?.value === '~') {
      regex = true
      words = words.slice(1)
    }
    const path = scope.path === null || walk.unit.fragments ? words[0] : undefined
    const inSection = scope.path !== null
    const first = inSection ? words[0] : words[1]
    if (first === undefined) {
      if (walk.unit.fragments && !inSection && words[0] !== undefined) return null
      return {
        code: 'wrong-argument-count',
        message: `\`${directive.name}\` lacks ${inSection ? 'a target' : 'a path or a target'}`,
      }
    }
    if (inSection) {
      // A second word that is no parameter shows that the first is a path, which the section has already.
      const second = words[1]
      if (second !== undefined && !second.value.includes('=') && !isLoose(second.value)) {
        const message = `\`${directive.name}\` has a path though its section has one`
        return { code: 'invalid-value', message, word: words[0], help: 'drop the path' }
      }
    }
    const rest = words.slice(inSection ? 1 : 2)
    const fault = parametersFault(directive, first, rest, walk)
    if (fault !== null) return fault
    if (regex && !inSection) {
      const compile = regexFault(path?.value ?? '', walk.pcre)
      if (compile !== null) {
        return {
          code: 'invalid-regex',
          message: `the pattern of \`${directive.name}\` does not compile: ${compile}`,
          word: path,
        }
      }
    }
    return first.value === '!' ? null : urlFault(directive, first, regex)
  }
}

function isLoose(value: string): boolean {
  return LOOSE_WORDS.has(value.toLowerCase())
}

function parametersFault(
  directive: ApacheDirective,
  target: ApacheWord,
  words: readonly ApacheWord[],
  walk: Walk,
): Fault | null {
  const balancer = /^balancer:\/\//i.test(target.value)
  for (const word of words) {
    if (isLoose(word.value) || /^mapping=/i.test(word.value)) continue
    if (word.value === '') break
    const equals = word.value.includes('=')
    if (!equals) return invalid(`\`${word.value}\` is no \`key=value\``, word)
    if (target.value === '!') continue
    const fault = parameterFault(directive, word, balancer, walk)
    if (fault !== null) return fault
  }
  return null
}

/** What `ap_proxy_define_worker` refuses of a URL; behind a `$` only a request could tell. */
function urlFault(directive: ApacheDirective, word: ApacheWord, regex: boolean): Fault | null {
  let url = word.value
  const socket = /^unix:[^|]*\|/i.exec(url)
  if (socket !== null) url = url.slice(socket[0].length)
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)/.exec(url)
  if (parts === null || (parts[2] === '' && !/^unix:/i.test(word.value))) {
    return invalid(
      `\`${word.value}\` of \`${directive.name}\` is no absolute URL`,
      word,
      'write it with its scheme, such as `http://127.0.0.1:9000/`',
    )
  }
  const authority = parts[2] ?? ''
  if (regex && authority.includes('$')) return null
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  const port = /:([^\]:]*)$/.exec(host)?.[1]
  if (port !== undefined && port !== '' && !/^[0-9]+$/.test(port)) {
    return invalid(`the port in \`${word.value}\` is no number`, word)
  }
  return null
}

export const checkProxyPassReverse: Check = (directive, scope, walk) => {
  const { args } = directive
  const second = args[1]
  const interpolate = second?.value.toLowerCase() === 'interpolate'
  if (scope.path === null) {
    if (second !== undefined && second.value !== '') return null
    if (walk.unit.fragments) return null
    return {
      code: 'wrong-argument-count',
      message: '`ProxyPassReverse` lacks a path or a URL',
      word: args[0],
    }
  }
  if (second === undefined || interpolate) return null
  return {
    code: 'invalid-value',
    message: '`ProxyPassReverse` has a path though its section has one',
    word: args[0],
    help: 'drop the path',
  }
}

/** `On` or `Off`, and behind an `On` the status codes that are replaced; the last word of the two counts. */
export const checkProxyErrorOverride: Check = directive => {
  let state: string | null = null
  for (const word of directive.args) {
    const lower = word.value.toLowerCase()
    if (lower === '') return null
    if (lower === 'on' || lower === 'off') {
      state = lower
      continue
    }
    if (state === null) return invalid('`ProxyErrorOverride` begins neither with `On` nor with `Off`', word)
    if (!/^[0-9]+$/.test(lower)) return invalid(`\`${word.value}\` is no status code`, word)
    if (state === 'off') return invalid('status codes stand behind `Off`', word)
    const code = Number(lower)
    if (code < 400 || code > 599) return invalid(`\`${word.value}\` is no status of an error`, word)
  }
  return null
}

export const checkProxyRemote: Check = directive => {
  const word = directive.args[1]
  if (word !== undefined && /^[^:]+:\/\/./.test(word.value)) return null
  return invalid(`\`${word?.value ?? ''}\` is no URL of a proxy`, word)
}

/** The member of `<Proxy balancer://…>`, or the balancer and its member outside. */
export const checkBalancerMember: Check = (directive, scope, walk) => {
  const { args } = directive
  const inSection = scope.path !== null
  const url = inSection ? args[0] : args[1]
  if (url === undefined || url.value === '') {
    return { code: 'wrong-argument-count', message: '`BalancerMember` names no backend', word: args[0] }
  }
  const balancer = inSection ? (scope.path ?? '') : (args[0]?.value ?? '')
  if (!isWorkerName(balancer) && !walk.unit.fragments) {
    return invalid(`\`${balancer}\` is no balancer`, url, 'put it into `<Proxy balancer://name>`')
  }
  for (const word of args.slice(inSection ? 1 : 2)) {
    const fault = parameterFault(directive, word, false, walk)
    if (fault !== null) return fault
  }
  return urlFault(directive, url, false)
}

export const checkProxySet: Check = (directive, scope, walk) => {
  if (scope.path === null) {
    // Outside of `<Proxy>` the first word names a worker; whether it is known by then is left open.
    const word = directive.args[0]
    if (walk.unit.fragments || (word !== undefined && isWorkerName(word.value))) return null
    return invalid(
      `\`${word?.value ?? ''}\` of \`ProxySet\` is no worker`,
      word,
      'name the worker first, or put the line into `<Proxy>`',
    )
  }
  const target = scope.path
  if (isUnknownWord(target)) return null
  if (!isWorkerName(target)) {
    return invalid(`\`ProxySet\` stands in the section of \`${target}\`, which is no URL`, directive.args[0])
  }
  const balancer = /^balancer:\/\//i.test(target)
  for (const word of directive.args) {
    const fault = parameterFault(directive, word, balancer, walk)
    if (fault !== null) return fault
  }
  return null
}

function isWorkerName(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text) || /^unix:/i.test(text)
}

/** `<Proxy>` with parameters of its worker, and `<ProxyMatch>`. */
export function proxySection(directive: ApacheDirective, inside: Scope, walk: Walk, match: boolean): Opening {
  const missing = openerFault(directive, false)
  if (missing !== null) return { fault: missing, inside }
  const first = argument(directive, 0)
  const tilde = !match && first === '~'
  const rest = directive.args.slice(tilde ? 2 : 1)
  if (match || tilde) {
    const word = directive.args[tilde ? 1 : 0]
    const fault = regexFault(word?.value ?? '', walk.pcre)
    if (fault !== null) {
      return {
        fault: {
          code: 'invalid-regex',
          message: `the pattern of \`<${directive.name}>\` does not compile: ${fault}`,
          word,
        },
        inside,
      }
    }
  }
  return {
    fault: null,
    inside,
    after: () => sectionParametersFault(directive, first, rest, match || tilde, walk),
  }
}

function sectionParametersFault(
  directive: ApacheDirective,
  target: string,
  rest: readonly ApacheWord[],
  regex: boolean,
  walk: Walk,
): Fault | null {
  const word = rest[0]
  if (word === undefined) return null
  if (regex || !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(target)) {
    return {
      code: 'section-opener-malformed',
      message: `\`<${directive.name}>\` takes parameters only behind a URL`,
      word,
    }
  }
  for (const parameter of rest) {
    const fault = parameterFault(directive, parameter, /^balancer:\/\//i.test(target), walk)
    if (fault !== null) return fault
  }
  return null
}
