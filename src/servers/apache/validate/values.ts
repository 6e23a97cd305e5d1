import type { ApacheDirective } from '../configuration.ts'
import { type Check, type Fault, invalid, argument } from './check.ts'
import { expressionFault } from './expression.ts'

/** Closed sets of words, compared without regard to case: `name: word word …`, the same for every argument. */
const WORDS = `
AcceptPathInfo: on off default
AllowEncodedSlashes: on off nodecode
AuthBasicUseDigestAlgorithm: off md5
AuthDigestAlgorithm: md5
AuthDigestQop: auth
AuthLDAPDereferenceAliases: on off never searching finding always
AuthMerging: off and or
BrotliAlterETag: addsuffix nochange remove
CookieSameSite: none lax strict
CookieStyle: netscape cookie cookie2 rfc2109 rfc2965
DeflateAlterETag: addsuffix nochange remove
EnableMMAP: on off
EnableSendfile: on off
H2CopyFiles: on off
H2Direct: on off
H2EarlyHints: on off
H2ModernTLSOnly: on off
H2OutputBuffering: on off
H2ProxyRequests: on off
H2Push: on off
H2Upgrade: on off
H2WebSockets: on off
HostnameLookups: on off double
HttpProtocolOptions: strict unsafe registeredmethods lenientmethods allow0.9 require1.0
LDAPReferrals: on off default
LDAPTrustedMode: none ssl tls starttls
LuaCodeCache: stat forever never
LuaInherit: none parent-first parent-last
MDBaseServer: on off
MDCertificateStatus: on off
MDDriveMode: always auto manual
MDMatchNames: all servernames
MDMustStaple: on off
MDProfileMandatory: on off
MDRenewMode: always auto manual
MDRenewViaARI: on off
MDRequireHttps: off temporary permanent
MDServerStatus: on off
MDStapleOthers: on off
MDStapling: on off
MultiviewsMatch: any negotiatedonly filters handlers
ProtocolsHonorOrder: on off
ProxyBadHeader: iserror ignore startbody
ProxyFCGIBackendType: fpm generic
ProxyStatus: on off full
ProxyVia: on off full block
Satisfy: all any
ServerSignature: on off email
ServerTokens: major minor min minimal prod productonly os full
SSLEngine: on off optional
SSLProxyVerify: none off optional require on optional_no_ca
SSLVerifyClient: none off optional require on optional_no_ca
SSLVHostSNIPolicy: strict secure authonly insecure
TraceEnable: on off extended
UseCanonicalName: on off dns
UseCanonicalPhysicalPort: on off
WSGICaseSensitivity: on off
WSGIChunkedRequest: on off
WSGIDestroyInterpreter: on off
WSGIDontWriteBytecode: on off
WSGIEnableSendfile: on off
WSGIErrorOverride: on off
WSGIGroupAuthoritative: on off
WSGIIgnoreActivity: on off
WSGILazyInitialization: on off
WSGIMapHEADToGET: on off auto
WSGIPassApacheRequest: on off
WSGIPassAuthorization: on off
WSGIRestrictEmbedded: on off
WSGIRestrictSignal: on off
WSGIRestrictStdin: on off
WSGIRestrictStdout: on off
WSGIScriptReloading: on off
WSGIServerMetrics: on off
WSGISocketRotation: on off
WSGIVerboseDebugging: on off
XBitHack: on off full
`

/**
 * Numbers of which httpd reads the leading digits (`atoi`: other text is 0): `name: least most`. A
 * range that 0 lies in takes any text.
 */
const LEADING_NUMBERS = `
AuthFormSize: 0
BalancerGrowth: 0 1000
BrotliCompressionMaxInputBlock: 16 24
BrotliCompressionQuality: 0 11
BrotliCompressionWindow: 10 24
BufferSize: 1
CacheLockMaxAge: 1
CacheMaxFileSize: 0
CacheMinFileSize: 0
CacheReadSize: 0
CacheReadTime: 0
CacheSocacheMaxTime: 0
CacheSocacheMinTime: 0
CacheSocacheReadSize: 0
CacheSocacheReadTime: 0
DavMinTimeout: 0
DeflateBufferSize: 1
DeflateCompressionLevel: 1 9
DeflateInflateRatioBurst: 1
DeflateInflateRatioLimit: 1
DeflateMemLevel: 1 9
DeflateWindowSize: 1 15
H2MaxDataFrameLen: 0
H2MaxHeaderBlockLen: 0
H2MaxSessionStreams: 1
H2MaxStreamErrors: 0
H2MaxWorkers: 1
H2MinWorkers: 1
H2Padding: 0 8
H2StreamMaxMemSize: 1024
H2WindowSize: 1024
LDAPReferralHopLimit: 1
LDAPRetries: 0
LimitInternalRecursion: 1
LimitRequestFields: 0
LimitRequestFieldSize: 0
LimitRequestLine: 0
LimitXMLRequestBody: 0
ListenBackLog: 1
ListenCoresBucketsRatio: 1
ListenTCPDeferAccept: 1
MaxMemFree: 0
MDRetryFailover: 1
ProxyHCTPsize: 0
ProxyTimeout: 1
SessionExpiryUpdateInterval: 0
SSLOCSPResponderTimeout: 0
SSLOCSPResponseMaxAge: 0
SSLOCSPResponseTimeSkew: 0
SSLProxyVerifyDepth: 0
SSLRenegBufferSize: 0
SSLSessionCacheTimeout: 0
SSLStaplingErrorCacheTimeout: 0
SSLStaplingResponderTimeout: 0
SSLStaplingResponseMaxAge: 0
SSLStaplingResponseTimeSkew: 0
SSLStaplingStandardCacheTimeout: 0
SSLVerifyDepth: 0
ThreadStackSize: 0
`

/** Numbers that have to be numbers from end to end. */
const WHOLE_NUMBERS = `
DBDExptime: 0
DBDKeep: 0
DBDMax: 0
DBDMin: 0
DeflateInflateLimitRequestBody: 0
FlushMaxPipelined: -1 2147483647
FlushMaxThreshold: 0 4294967295
KeptBodySize: 0
LDAPTimeout: 0
LimitRequestBody: 0
ProxyHTMLBufSize: -2147483648
ReadBufferSize: 0 4294967295
`

/** Other shapes of the first argument, as a pattern and in words. */
const PATTERNS: readonly (readonly [names: string, pattern: RegExp, says: string])[] = [
  ['AsyncRequestWorkerFactor', /^\s*\+?(?:[1-9]|0*\.?0*[1-9])[0-9.]*$/, 'a positive number'],
  ['AllowCONNECT', /^[0-9]+(?:-[0-9]+)?$/, 'a port or a range of ports'],
  [
    'AuthFormBody AuthFormLocation AuthFormMethod AuthFormMimetype AuthFormPassword AuthFormUsername',
    /^[^=&]+$/,
    "a field's name, without `=` and `&`",
  ],
  ['CacheKeyBaseURL', /:|^\/\//, 'a URL with a scheme, a host or a port'],
  ['CacheLastModifiedFactor', /^\s*[+-]?\.?[0-9]/, 'a number'],
  ['CacheSocacheMaxSize', /^\s*\+?[0-9]{5,}/, 'a number of bytes of at least 1024'],
  ['CookieDomain', /^\..*\../s, 'a domain with a leading and another dot'],
  ['HeartbeatAddress HeartbeatListen', /.:[0-9]+$/, 'an address with its port'],
  ['LDAPConnectionPoolTTL', /^\s*[+-]?(?:[0-9]+$|[0-9]*(?:s|h|[mM][is]))/, 'a time'],
  [
    'MDActivationDelay MDCheckInterval MDInitialDelay MDRetryDelay',
    /^[+-]?[0-9]*(?:d|h|mi?|ms|s)?$/i,
    'a duration',
  ],
  ['MemcacheConnTTL RedisConnPoolTTL RedisTimeout', /^\s*\+?(?:[0-9]+$|[0-9]*(?:s|h|[mM][is]))/, 'a time'],
  ['ModemStandard', /^(?:V\.21|V\.26bis|V\.32|V\.34|V\.92)$/i, 'a standard of modems'],
  ['ProxyDomain', /^\./, 'a domain with a leading dot'],
  ['SubstituteMaxLineLength', /^[0-9]*[bBkKmMgG]?$/, 'a size, with b, k, m or g behind it'],
]

const BUFFER_SIZES = 'ProxyIOBufferSize ProxyReceiveBufferSize ReceiveBufferSize SendBufferSize'.split(' ')
const TIMES =
  'CGIDScriptTimeout CGIScriptTimeout H2MaxWorkerIdleSeconds H2StreamTimeout KeepAliveTimeout LDAPRetryDelay'.split(
    ' ',
  )
/** Directives whose arguments are string expressions. */
const EXPRESSIONS =
  'AuthBasicFake AuthFormLoginRequiredLocation AuthFormLoginSuccessLocation AuthFormLogoutLocation AuthName AuthType SetHandler'.split(
    ' ',
  )

function rows(table: string): [name: string, words: string[]][] {
  return table
    .trim()
    .split('\n')
    .map(row => {
      const [name = '', rest = ''] = row.split(': ')
      return [name.toLowerCase(), rest.split(' ')]
    })
}

function wordCheck(allowed: ReadonlySet<string>): Check {
  return directive => {
    for (const word of directive.args) {
      if (word.value === '') return null
      if (allowed.has(word.value.toLowerCase())) continue
      return invalid(
        `\`${word.value}\` is no value of \`${directive.name}\``,
        word,
        `write one of: ${[...allowed].join(', ')}`,
      )
    }
    return null
  }
}

/** What C's `atoi` makes of a text. */
export function leadingNumber(text: string): number {
  const number = Number.parseInt(/^\s*[+-]?[0-9]+/.exec(text)?.[0] ?? '0', 10)
  return Number.isNaN(number) ? 0 : number
}

function patternCheck(pattern: RegExp, says: string): Check {
  return directive => {
    for (const word of directive.args) {
      if (word.value === '') return null
      if (!pattern.test(word.value)) return invalid(`\`${word.value}\` is not ${says}`, word)
    }
    return null
  }
}

function numberCheck(least: number, most: number, whole: boolean): Check {
  return directive => {
    const text = argument(directive, 0)
    if (whole && !/^[+-]?[0-9]+$/.test(text))
      return numberFault(directive, `\`${text}\` is no whole number`, least, most)
    const number = leadingNumber(text)
    if (number >= least && number <= most) return null
    return numberFault(directive, `\`${text}\` is out of the range of \`${directive.name}\``, least, most)
  }
}

function numberFault(directive: ApacheDirective, message: string, least: number, most: number): Fault {
  const help = Number.isFinite(most)
    ? `write a number from ${least} to ${most}`
    : `write a number of at least ${least}`
  return invalid(message, directive.args[0], help)
}

const bufferCheck: Check = directive => {
  const number = leadingNumber(argument(directive, 0))
  if (number === 0 || number >= 512) return null
  return invalid(
    `\`${directive.name}\` is less than 512 bytes`,
    directive.args[0],
    'write 0 for the size of the system',
  )
}

/** A time as `ap_timeout_parameter_parse` reads it: seconds, or with `s`, `ms`, `mi`, `h` behind it. */
export function isTime(text: string): boolean {
  return /^\s*\+?[0-9]+$/.test(text) || /^\s*\+?[0-9]*(?:s|h|[mM][is])/.test(text)
}

const timeCheck: Check = directive => {
  const text = argument(directive, 0)
  if (isTime(text)) return null
  return invalid(
    `\`${text}\` is no time`,
    directive.args[0],
    'write seconds, or a number with `ms`, `s`, `mi` or `h`',
  )
}

const expressionCheck: Check = (directive, _scope, walk) => {
  for (const word of directive.args) {
    const fault = expressionFault(word.value, 'string', walk.names)
    if (fault !== null) {
      return { code: 'invalid-expression', message: `\`${directive.name}\` cannot be read: ${fault}`, word }
    }
  }
  return null
}

const SCOPES = ['once', 'request', 'conn', 'thread', 'server']

/** Of `LuaScope` the first argument alone is a word, and compared by its case; the others are read by `atoi`. */
const scopeCheck: Check = directive => {
  const scope = argument(directive, 0)
  return scope === '' || SCOPES.includes(scope)
    ? null
    : invalid(
        `\`${scope}\` is no value of \`${directive.name}\``,
        directive.args[0],
        `write one of: ${SCOPES.join(', ')}`,
      )
}

/** Checks of single values, by lower-case name. */
export function valueChecks(): Map<string, Check> {
  const checks = new Map<string, Check>()
  for (const [name, words] of rows(WORDS)) checks.set(name, wordCheck(new Set(words)))
  for (const [table, whole] of [
    [LEADING_NUMBERS, false],
    [WHOLE_NUMBERS, true],
  ] as const) {
    for (const [name, [least, most]] of rows(table)) {
      checks.set(
        name,
        numberCheck(Number(least), most === undefined ? Number.POSITIVE_INFINITY : Number(most), whole),
      )
    }
  }
  for (const [names, pattern, says] of PATTERNS) {
    for (const name of names.split(' ')) checks.set(name.toLowerCase(), patternCheck(pattern, says))
  }
  for (const name of BUFFER_SIZES) checks.set(name.toLowerCase(), bufferCheck)
  for (const name of TIMES) checks.set(name.toLowerCase(), timeCheck)
  checks.set('luascope', scopeCheck)
  for (const name of EXPRESSIONS) checks.set(name.toLowerCase(), expressionCheck)
  return checks
}
