import { effective } from '../queries/effective.ts'
import { type Access, type Client, effectiveAccess } from '../queries/effective-access.ts'
import { namePlace } from '../queries/places.ts'
import { authorize } from '../queries/require-tree.ts'
import type { Level } from '../queries/sections-for.ts'
import { lacksHeader } from '../../received-headers.ts'
import {
  addStep,
  type ApacheEnd,
  DECLINED,
  failed,
  type Phase,
  type RequestRecord,
  undecided,
} from './request.ts'
import { settingFor } from './settings.ts'

/** `Require`, `Order` and `SSLRequireSSL`. A password that is sent is taken for right. */
export function checkAccess(record: RequestRecord): Phase {
  const { request } = record.walk
  // Where the same sections hold, a subrequest is let in with the request that makes it, whatever its own method.
  if (record.main !== null && isAlike(record.main.levels, record.levels)) return DECLINED
  nameSections(record)
  const tls = requiresTls(record)
  if (tls !== null) return tls
  const hasCredentials = request.headers === undefined || !lacksHeader(request.headers, 'authorization')
  const client: Client = {
    method: record.method,
    ...(!hasCredentials && { authenticated: false }),
    ...(request.client !== undefined && { address: request.client }),
    ...(request.address?.kind === 'ip' && { server: request.address.ip }),
  }
  const access = effectiveAccess(record.walk.configuration, record.levels, client)
  if (access.allowed === true) {
    if (access.at !== null) addStep(record, 'access', 'access is granted', access.at)
    return DECLINED
  }
  // 403 or 401, as the address may be turned away before a user is asked for.
  if (access.allowed === false && access.hostOpen) return undecided('access hangs on the client', access.at)
  if (access.allowed === false) return refuse(record, access, client)
  if (access.open === 'client') return openToSome(record, access)
  // Of fragments the outer part is not there: what it grants is told by its own lines, `Allow from all` among them.
  // No directory has a say in what is proxied, and `<Proxy>` is open where nothing closes it.
  if (
    record.isProxied &&
    record.walk.configuration.main === null &&
    access.requires === null &&
    access.hostLines.length === 0
  )
    return DECLINED
  const isOpenHere = access.hostLines.length === 0 || access.at === null
  if (record.walk.configuration.main === null && access.requires === null && isOpenHere) {
    addStep(record, 'doubt', 'access is controlled outside of the audit', null)
    return DECLINED
  }
  return undecided('access hangs on what is not in the audit', access.at)
}

function isAlike(some: readonly Level[], others: readonly Level[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ section, htaccess }, at) => {
      const other = others[at]
      return other?.section === section && other.htaccess === htaccess
    })
  )
}

function openToSome(record: RequestRecord, access: Access): Phase {
  const reason = 'access hangs on the client'
  const { headers } = record.walk.request
  if (headers?.values.has('authorization')) {
    addStep(record, 'doubt', 'a right password is taken for granted', access.at)
    return DECLINED
  }
  return undecided(reason, access.at)
}

function refuse(record: RequestRecord, access: Access, client: Client): Phase {
  if (!needsUser(access, client)) {
    addStep(record, 'access', DENIED, access.at)
    return failed(403, DENIED, access.at)
  }
  const type = settingFor(record, 'AuthType')
  if (!type.known) return undecided(type.reason, type.at)
  const lacks = lacksForType(record, type.value)
  // Without a way to ask for a user, the request fails.
  if (lacks !== null) {
    const reason = `${UNASKABLE}${lacks}`
    addStep(record, 'access', reason, access.at)
    return failed(500, reason, access.at)
  }
  addStep(record, 'access', 'a password is required', access.at)
  return failed(401, 'a password is required', access.at)
}

const DENIED = 'access is denied'

/** Whether a request ends because access control lets the client nowhere, not for want of a file. */
export function isDenied(end: ApacheEnd): boolean {
  return end.kind === 'response' && end.status === 403 && end.reason === DENIED
}

const UNASKABLE = 'a user is required, and '

/** What is missing for Apache to ask for a user, where that is why a request fails with 500; null for other ends. */
export function lackOfAuthentication(end: ApacheEnd): string | null {
  const isIt = end.kind === 'response' && end.status === 500 && end.reason.startsWith(UNASKABLE)
  return isIt ? end.reason.slice(UNASKABLE.length) : null
}

/** The modules that answer for a type of authentication; others of other makers may bring types of their own. */
const MODULES: ReadonlyMap<string, string> = new Map([
  ['basic', 'auth_basic_module'],
  ['digest', 'auth_digest_module'],
  ['form', 'auth_form_module'],
  ['gssapi', 'auth_gssapi_module'],
  ['kerberos', 'auth_kerb_module'],
  ['openid-connect', 'auth_openidc_module'],
  ['shibboleth', 'mod_shib'],
  ['cas', 'auth_cas_module'],
  ['mellon', 'auth_mellon_module'],
])

function lacksForType(record: RequestRecord, type: string | null): string | null {
  const lower = type?.toLowerCase() ?? 'none'
  if (lower === 'none') return 'no `AuthType` is set to ask for one'
  const { modules, modulesComplete } = record.walk.configuration
  const module = MODULES.get(lower)
  // Code that is run by these may authenticate by itself.
  const isScripted = ['perl_module', 'lua_module', 'python_module'].some(id => modules.has(id))
  if (module !== undefined && modulesComplete && !modules.has(module) && !isScripted)
    return `\`${module}\`, which \`AuthType ${type}\` needs, is not loaded`
  const name = settingFor(record, 'AuthName')
  const asksByName = lower === 'basic' || lower === 'digest'
  return asksByName && name.known && name.value === null ? 'no `AuthName` is set to ask for one' : null
}

/** Whether a user would be let in: `Order` and its like come first, unless `Satisfy Any`. */
function needsUser({ requires, hostLines, at }: Access, client: Client): boolean {
  const isAny = hostLines.some(
    ({ name, args }) => /^satisfy$/i.test(name) && /^any$/i.test(args[0]?.value ?? ''),
  )
  const [first] = hostLines
  const isHost = first !== undefined && at?.source === first.source && at.start === first.nameStart
  if (isHost && !isAny) return false
  return requires !== null && authorize(requires, client) === 'denied-no-user'
}

function requiresTls(record: RequestRecord): Phase | null {
  const { configuration, request } = record.walk
  if (request.scheme === 'https') return null
  const { directives, open } = effective(configuration, record.levels, 'SSLRequireSSL')
  const line = directives.at(-1)
  if (line === undefined) return null
  if (open !== null) return undecided(open, namePlace(line))
  addStep(record, 'access', '`SSLRequireSSL` refuses plain HTTP', namePlace(line), line)
  return failed(403, '`SSLRequireSSL` refuses plain HTTP', namePlace(line))
}

/** The sections that hold, once for each record of the request. */
function nameSections(record: RequestRecord): void {
  for (const { section, kind, applies, htaccess, directory } of record.levels) {
    if (kind === 'server' || kind === 'virtual-host') continue
    if (section === null) {
      const at = htaccess?.[0]
      if (htaccess !== null && htaccess.length > 0)
        addStep(
          record,
          'section',
          `\`${directory}.htaccess\` applies`,
          at === undefined ? null : namePlace(at),
        )
      continue
    }
    const text = `<${section.name} ${section.args.map(({ value }) => value).join(' ')}>`
    const how = applies === true ? 'applies' : 'may apply'
    addStep(record, applies === true ? 'section' : 'doubt', `${text} ${how}`, namePlace(section), section)
  }
}
