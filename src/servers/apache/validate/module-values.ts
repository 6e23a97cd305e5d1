import { ownTable } from '../../../../parsers/text/own-table.ts'
import { argument, type Check, type Fault, invalid, mayBeLoaded } from './check.ts'
import { expressionFault } from './expression.ts'
import { isRegisteredMethod } from './methods.ts'
import { regexFault } from './regex.ts'
import { isApacheProxy, parseApacheNetwork } from '../../addresses/apache.ts'
import { leadingNumber } from './values.ts'

const INDEX_OPTIONS = new Set(
  (
    'fancyindexing foldersfirst htmltable ignorecase ignoreclient iconsarelinks scanhtmltitles showforbidden ' +
    'suppresscolumnsorting suppressdescription suppresshtmlpreamble suppressicon suppresslastmodified ' +
    'suppressrules suppresssize trackmodified versionsort xhtml useolddateformat none'
  ).split(' '),
)
const INDEX_VALUES = new Set(['iconwidth', 'iconheight', 'namewidth', 'descriptionwidth', 'type', 'charset'])
const LEAST_WIDTH: Readonly<Record<string, number>> = ownTable({ namewidth: 5, descriptionwidth: 12 })

export const checkIndexOptions: Check = directive => {
  for (const word of directive.args) {
    const sign = /^[+-]/.exec(word.value)?.[0]
    const [name = '', value] = word.value.slice(sign === undefined ? 0 : 1).split('=')
    const lower = name.toLowerCase()
    if (lower === 'none' && sign !== undefined) return invalid('`None` takes no sign', word)
    if (INDEX_OPTIONS.has(lower) && value === undefined) continue
    if (!INDEX_VALUES.has(lower)) return invalid(`there is no index option \`${word.value}\``, word)
    if (value !== undefined && sign === '-')
      return invalid(`\`${word.value}\` takes away a value`, word, `write \`-${name}\``)
    const least = LEAST_WIDTH[lower]
    // Text that is no number is taken as 0, which httpd lets pass.
    if (
      least !== undefined &&
      value !== undefined &&
      /^[0-9]/.test(value) &&
      Number.parseInt(value, 10) < least
    ) {
      return invalid(`\`${name}\` is less than ${least}`, word)
    }
  }
  return null
}

/** `header=20-40,MinRate=500` and its kin. */
export const checkRequestReadTimeout: Check = directive => {
  for (const word of directive.args) {
    const fault = readTimeoutFault(word.value)
    if (fault !== null) return invalid(`\`${word.value}\`: ${fault}`, word)
  }
  return null
}

function readTimeoutFault(text: string): string | null {
  const equals = text.indexOf('=')
  if (equals === -1) return 'this is no `key=value`'
  if (!/^(?:header|body|handshake)$/i.test(text.slice(0, equals)))
    return 'this is neither `header`, `body` nor `handshake`'
  const value = text.slice(equals + 1)
  const rate = /,\s*minrate\s*=(.*)$/is.exec(value)
  const range = rate === null ? value : value.slice(0, rate.index)
  if (range.includes(',')) return 'only `MinRate=` may follow the comma'
  if (rate !== null) {
    if (!/^[0-9]+$/.test(rate[1] ?? '')) return 'the rate is no number'
    if (Number(rate[1]) < 1) return 'the rate is 0'
  }
  const bounds = range.split('-')
  if (bounds.length > 2 || !bounds.every(bound => /^[0-9]+$/.test(bound))) return 'the time is no number'
  if (bounds.length < 2) return null
  if (rate === null) return 'a range of times needs `MinRate=`'
  return Number(bounds[1]) <= Number(bounds[0]) ? 'the range ends before it begins' : null
}

export const checkSubstitute: Check = (directive, _scope, { pcre }) => {
  const word = directive.args[0]
  const text = word?.value ?? ''
  const delimiter = text[1]
  if (!/^s/i.test(text) || delimiter === undefined) return invalid(`\`${text}\` is no \`s/…/…/\``, word)
  const parts = text.slice(2).split(delimiter)
  if (parts.length < 2) return invalid(`\`${text}\` has no replacement`, word)
  const flags = parts[2] ?? ''
  if (!/^[infq]*$/i.test(flags)) return invalid(`\`${flags}\` are no flags of a substitution`, word)
  const fault = /n/i.test(flags) ? null : regexFault(parts[0] ?? '', pcre)
  if (fault === null) return null
  return { code: 'invalid-regex', message: `the pattern does not compile: ${fault}`, word }
}

/** `(ALT,/icon.gif)` is one word. */
export const checkAddIcon: Check = directive => {
  const value = argument(directive, 0)
  if (!value.startsWith('(')) return null
  if (!value.includes(','))
    return invalid(`\`${value}\` has no closing parenthesis or no comma`, directive.args[0])
  return value.endsWith(')') ? null : invalid(`\`${value}\` has no closing parenthesis`, directive.args[0])
}

export const checkAction: Check = directive => {
  const third = directive.args[2]
  if (third === undefined || third.value.toLowerCase() === 'virtual') return null
  return invalid(`\`${third.value}\` is not \`virtual\``, third)
}

/** Proxies of mod_remoteip: an address, a network, or a name, which only a resolver could judge. */
export const checkRemoteProxies: Check = directive => {
  for (const word of directive.args) {
    const value = word.value
    if (value === '') return null
    if (!isApacheProxy(value)) return invalid(`\`${value}\` is no address or network`, word)
  }
  return null
}

/** `%0`, `%2.1`, `%-1+`, `%p`, `%%` in the path of a virtual document root. */
export const checkVirtualPath: Check = directive => {
  const word = directive.args[0]
  const text = word?.value ?? ''
  if (text.toLowerCase() === 'none') return null
  if (!text.startsWith('/')) return invalid(`\`${text}\` is no absolute path`, word)
  for (const found of text.matchAll(/%(?:%|p|-?[0-9]+\+?(?:\.-?[0-9]+\+?)?|(.?))/gs)) {
    if (found[1] !== undefined) return invalid(`\`${found[0]}\` names no part of the host`, word)
  }
  return null
}

export const checkUserDir: Check = directive => {
  if (directive.args.length > 0) return null
  return { code: 'wrong-argument-count', message: '`UserDir` has no argument' }
}

export const checkDeflateNote: Check = directive => {
  const [first, second] = directive.args
  if (second === undefined || /^(?:input|output|ratio)$/i.test(first?.value ?? '')) return null
  return invalid(`there is no note of the kind \`${first?.value}\``, first)
}

/** `MaxRanges` and its kin: a word, or a number from 1 on. */
export const checkRangeLimit: Check = directive => {
  const value = argument(directive, 0)
  if (/^(?:none|default|unlimited)$/i.test(value) || leadingNumber(value) >= 1) return null
  return invalid(
    `\`${value}\` is neither a number from 1 on nor \`none\`, \`default\` or \`unlimited\``,
    directive.args[0],
  )
}

export const checkIndexRedirect: Check = directive => {
  const value = argument(directive, 0)
  if (/^(?:on|off|permanent|temp|seeother)$/i.test(value)) return null
  const status = leadingNumber(value)
  if (status >= 300 && status <= 399) return null
  return invalid(`\`${value}\` is no status of a redirect`, directive.args[0])
}

export const checkIndexOrder: Check = directive => {
  if (!/^(?:ascending|descending)$/i.test(argument(directive, 0))) {
    return invalid('the order is neither `Ascending` nor `Descending`', directive.args[0])
  }
  if (/^(?:name|date|size|description)$/i.test(argument(directive, 1))) return null
  return invalid('the index is ordered neither by name, date, size nor description', directive.args[1])
}

/** The methods of `MultiviewsMatch`: `Any` and `NegotiatedOnly` stand alone. */
export const checkMultiviews: Check = directive => {
  const words = directive.args.filter(word => word.value !== '')
  for (const [index, word] of words.entries()) {
    const lower = word.value.toLowerCase()
    if (!/^(?:any|negotiatedonly|filters|handlers)$/.test(lower))
      return invalid(`there is no \`${word.value}\` to match`, word)
    if (index === 0) continue
    const alone = /^(?:any|negotiatedonly)$/
    const before = words[index - 1]?.value.toLowerCase() ?? ''
    if (before !== lower && (alone.test(lower) || alone.test(before))) {
      return invalid(`\`${word.value}\` does not go with what stands before it`, word)
    }
  }
  return null
}

/** A check that the first argument is a boolean expression. */
export const checkCondition: Check = (directive, _scope, walk): Fault | null => {
  const fault = expressionFault(argument(directive, 0), 'boolean', walk.names)
  if (fault === null) return null
  return {
    code: 'invalid-expression',
    message: `the condition is no expression: ${fault}`,
    word: directive.args[0],
  }
}

/** Methods with a sign, or `reset` in the first place. */
export const checkAllowMethods: Check = (directive, _scope, walk) => {
  if (directive.args.length === 0) {
    return { code: 'wrong-argument-count', message: '`AllowMethods` names no method' }
  }
  for (const [index, word] of directive.args.entries()) {
    if (index === 0 && word.value.toLowerCase() === 'reset') return null
    const name = word.value.replace(/^[+-]/, '')
    if (!isRegisteredMethod(name) && !walk.defined.has(`method ${name}`)) {
      return invalid(`there is no method \`${name}\``, word)
    }
  }
  return null
}

/** Levels times length of the directories may not be more than 20. */
export const checkCacheDirectories: Check = directive => {
  const number = leadingNumber(argument(directive, 0))
  // A number beyond C's `int` wraps around to anything.
  if ((number >= 1 && number <= 20) || number > 2147483647) return null
  return invalid(`\`${directive.name}\` is no number from 1 to 20`, directive.args[0])
}

/** Both limits, of redirects and of subrequests, are at least 1. */
export const checkRecursion: Check = directive => {
  const wrong = directive.args.find(word => word.value !== '' && leadingNumber(word.value) < 1)
  return wrong === undefined ? null : invalid(`\`${wrong.value}\` is no number from 1 on`, wrong)
}

/** A cookie's name, with its attributes behind it. */
export const checkSessionCookie: Check = directive => {
  const name = argument(directive, 0)
  if (name !== '' && !/[=&]/.test(name)) return null
  return invalid(`\`${name}\` is no name of a cookie: it is empty or holds \`=\` or \`&\``, directive.args[0])
}

export const checkDav: Check = (directive, _scope, walk) => {
  const name = argument(directive, 0)
  const lower = name.toLowerCase()
  if (lower === 'off' || walk.names.open) return null
  const provider = lower === 'on' || lower === 'filesystem'
  if (provider && mayBeLoaded(walk.unit, 'dav_fs_module')) return null
  const message = provider
    ? '`Dav On` needs `dav_fs_module`, which is not loaded'
    : `there is no repository \`${name}\` of mod_dav`
  return { code: 'unknown-provider', message, word: directive.args[0] }
}

export const checkNonceLifetime: Check = directive => {
  if (/^[+-]?[0-9]+$/.test(argument(directive, 0))) return null
  return invalid(`\`${argument(directive, 0)}\` is no number of seconds`, directive.args[0])
}

/** Directives that httpd knows only to refuse them. */
export function retiredCheck(help: string): Check {
  return directive => ({
    code: 'invalid-value',
    message: `\`${directive.name}\` is no longer supported, and httpd refuses it`,
    help,
  })
}

export const checkFilterOptions: Check = directive => {
  const wrong = directive.args.find(
    word => !/^(?:logstderr|nologstderr|onfail=(?:abort|remove))$/i.test(word.value),
  )
  return wrong === undefined ? null : invalid(`\`ExtFilterOptions\` knows no \`${wrong.value}\``, wrong)
}

export const checkPushPriority: Check = directive => {
  const [, dependency, weight] = directive.args
  const value = dependency?.value ?? ''
  if (!/^(?:after|before|interleaved)$/i.test(value) && leadingNumber(value) < 1) {
    return invalid(`\`${value}\` is neither \`After\`, \`Before\`, \`Interleaved\` nor a weight`, dependency)
  }
  if (weight === undefined || weight.value === '' || leadingNumber(weight.value) >= 1) return null
  return invalid(`\`${weight.value}\` is no weight`, weight)
}

/** `H2PushResource [add] path [critical]` */
export const checkPushResource: Check = directive => {
  const { args } = directive
  const rest = args[0]?.value.toLowerCase() === 'add' && args.length > 1 ? args.slice(1) : args
  const last = rest[1]
  if (last === undefined || (last.value.toLowerCase() === 'critical' && rest.length === 2)) return null
  return invalid(`\`${last.value}\` is not \`critical\``, last)
}

export const checkLdapUrl: Check = directive => {
  const [url, mode] = directive.args
  if (!/^ldap[is]?:\/\//i.test(url?.value ?? '')) {
    return invalid(`\`${url?.value ?? ''}\` is no LDAP URL`, url)
  }
  if (mode === undefined || mode.value === '' || /^(?:none|ssl|tls|starttls)$/i.test(mode.value)) return null
  return invalid(`there is no mode \`${mode.value}\` of an LDAP connection`, mode)
}

export const checkCgiVariable: Check = directive => {
  const [name, rule] = directive.args
  if (name?.value !== 'REQUEST_URI')
    return invalid(`\`CGIVar\` knows no variable \`${name?.value ?? ''}\``, name)
  if (/^(?:current-uri|original-uri)$/.test(rule?.value ?? '')) return null
  return invalid(`\`CGIVar\` knows no rule \`${rule?.value ?? ''}\``, rule)
}

/** `Prefer`, `Fallback` or both, or `None` alone. */
export const checkForcePriority: Check = directive => {
  const words = directive.args.filter(word => word.value !== '')
  for (const word of words) {
    const lower = word.value.toLowerCase()
    if (!/^(?:none|prefer|fallback)$/.test(lower)) {
      return invalid(`\`ForceLanguagePriority\` knows no \`${word.value}\``, word)
    }
    if (lower === 'none' && words.length > 1) return invalid('`None` does not stand alone', word)
  }
  return null
}

/** `CacheEnable type [url]`: the URL is needed outside of a section. */
export const checkCacheEnable: Check = (directive, scope, walk) => {
  const [type, url] = directive.args
  if (type?.value.startsWith('/')) return invalid(`\`${type.value}\` is no kind of cache`, type)
  if (scope.path !== null || walk.unit.fragments || (url !== undefined && url.value !== '')) return null
  return { code: 'wrong-argument-count', message: '`CacheEnable` names no URL', word: type }
}

export const checkCharsetOptions: Check = directive => {
  const wrong = directive.args.find(
    word => !/^(?:(?:no)?implicitadd|(?:no)?translateallmimetypes)$/i.test(word.value),
  )
  return wrong === undefined ? null : invalid(`\`CharsetOptions\` knows no \`${wrong.value}\``, wrong)
}

export const checkPushDiary: Check = directive => {
  const number = leadingNumber(argument(directive, 0))
  if (number >= 0 && Number.isInteger(Math.log2(number === 0 ? 1 : number))) return null
  return invalid('the size of the diary is neither 0 nor a power of 2', directive.args[0])
}

export const checkHeartbeatServers: Check = directive => {
  const number = leadingNumber(argument(directive, 0))
  if (number === 0 || number >= 10) return null
  return invalid('the number of servers is neither 0 nor at least 10', directive.args[0])
}

export const checkLogMessage: Check = (directive, _scope, walk) => {
  const other = directive.args
    .slice(1)
    .find(word => word.value !== '' && !/^(?:hook|expr)=/i.test(word.value))
  if (other !== undefined) return invalid(`\`LogMessage\` takes no \`${other.value}\``, other)
  const fault = expressionFault(argument(directive, 0), 'string', walk.names)
  if (fault === null) return null
  return {
    code: 'invalid-expression',
    message: `the message is no expression: ${fault}`,
    word: directive.args[0],
  }
}

/** `CacheDisable`: a path or URL, and in `<Location>` the word `on`. */
export const checkCacheDisable: Check = (directive, scope, walk) => {
  const value = argument(directive, 0)
  const on = value.toLowerCase() === 'on'
  if (scope.path !== null) {
    return on ? null : invalid('`CacheDisable` in a section is not `on`', directive.args[0])
  }
  if (/[/:]/.test(value) || (on && walk.unit.fragments)) return null
  return invalid(`\`${value}\` is neither a path nor a URL`, directive.args[0])
}

export const checkProxyExceptions: Check = directive => {
  if (directive.args.length === 0) {
    return { code: 'wrong-argument-count', message: `\`${directive.name}\` names no address` }
  }
  const wrong = directive.args.find(word => parseApacheNetwork(word.value) === null)
  return wrong === undefined ? null : invalid(`\`${wrong.value}\` is no address or network`, wrong)
}

const GLOBAL_CERTIFICATES =
  'ca_der ca_base64 ca_cert7_db ca_secmod cert_der cert_base64 cert_key3_db cert_nickname cert_pfx key_der key_base64 key_pfx'
const CLIENT_CERTIFICATES =
  'ca_der ca_base64 cert_der cert_base64 cert_nickname cert_pfx key_der key_base64 key_pfx'

/** The kinds of certificates of `LDAPTrustedGlobalCert` and `LDAPTrustedClientCert`. */
export function certificateKindCheck(global: boolean): Check {
  const kinds = new Set((global ? GLOBAL_CERTIFICATES : CLIENT_CERTIFICATES).split(' '))
  return directive => {
    const kind = argument(directive, 0)
    return kinds.has(kind.toLowerCase())
      ? null
      : invalid(`there is no kind \`${kind}\` of certificates`, directive.args[0])
  }
}

/** A size with `K` or `M` behind it, of at least one client's record. */
export const checkShmemSize: Check = directive => {
  const text = argument(directive, 0)
  const found = /^\s*\+?([0-9]+)(?:$|([kKmM]))/.exec(text)
  const unit = found?.[2]?.toLowerCase()
  const factor = unit === 'k' ? 1024 : unit === 'm' ? 1048576 : 1
  if (found !== null && Number(found[1]) * factor >= 88) return null
  return invalid(`\`${text}\` is no size of at least 88 bytes`, directive.args[0])
}
