import { fromBytes, toBytes } from '../../regex.ts'
import type { ApacheDirective } from '../configuration.ts'
import { argumentPlace, isSettled, namePlace } from '../queries/places.ts'
import { aliasMatches as wsgiAliasMatches, wsgiScriptAliases } from '../queries/wsgi-script-aliases.ts'
import { tryAlias, tryRedirect } from './aliases.ts'
import { mapToDocumentRoot } from './core-translate.ts'
import { serverRelative } from './document-root.ts'
import { matchPattern } from './match-pattern.ts'
import { prefixLength } from './prefix-length.ts'
import { proxyTranslate } from './proxy.ts'
import { addStep, DECLINED, OK, type Phase, type RequestRecord, undecided } from './request.ts'
import { rewriteInServer } from './rewrite/server-rewrite.ts'
import { lineFor } from './settings.ts'
import { substitute } from './url-text.ts'

/** The hooks that map a URL to a file or to another server, in the order in which httpd calls them. */
const HOOKS: readonly ((record: RequestRecord) => Phase)[] = [
  rewriteInServer,
  proxyTranslate,
  tryRedirect,
  tryAlias,
  wsgiTranslate,
  userDirectory,
  massVirtualHost,
]

/** Maps the URL of a request; the first module that knows what to do decides. */
export function translate(record: RequestRecord): Phase {
  for (const hook of HOOKS) {
    const phase = hook(record)
    if (phase.kind !== 'declined') return phase
  }
  const phase = mapToDocumentRoot(record, record.uri)
  if (phase.kind === 'ok' && record.main === null) {
    const root = lineFor(record, 'DocumentRoot')
    const line = root.known ? root.value : null
    const at = line === null ? null : argumentPlace(line, 0)
    addStep(record, 'document-root', `DocumentRoot: ${fromBytes(record.filename ?? '')}`, at, line)
  }
  return phase
}

/** `WSGIScriptAlias` and `WSGIScriptAliasMatch`, behind mod_alias. */
function wsgiTranslate(record: RequestRecord): Phase {
  const { configuration, host } = record.walk
  const { uri } = record
  for (const alias of wsgiScriptAliases(configuration, host)) {
    const matches = wsgiAliasMatches(alias, fromBytes(uri))
    if (matches === undefined)
      return undecided('a script alias whose path is not known may match', alias.pathAt)
    if (!matches) continue
    if (!alias.script.known || !alias.path.known)
      return undecided('the script is not known here', alias.scriptAt)
    const script = wsgiScript(alias.directive, alias.path.value, alias.script.value, alias.regex, uri)
    if (script === null) return undecided('the script is not known here', alias.scriptAt)
    const path = serverRelative(configuration, script)
    if (!path.known) return undecided(path.reason, path.at)
    record.filename = path.value
    record.handler = 'wsgi-script'
    record.passedBy = alias.directive
    addStep(
      record,
      'alias',
      `\`${alias.directive.name} ${alias.path.value}\`: ${alias.script.value}`,
      namePlace(alias.directive),
      alias.directive,
    )
    return OK
  }
  return DECLINED
}

/** What stands behind the alias comes behind the script; for `/` that is the whole path. */
function wsgiScript(
  directive: ApacheDirective,
  path: string,
  script: string,
  isRegex: boolean,
  uri: string,
): string | null {
  if (isRegex) {
    const match = matchPattern(path, uri)
    return match && isSettled(directive.text) ? substitute(toBytes(script), match.captures) : null
  }
  if (path === '/') return toBytes(script) + uri
  const rest = uri.slice(prefixLength(toBytes(path), uri))
  return toBytes(script) + rest
}

/** `UserDir`, which only the machine's accounts decide. */
function userDirectory(record: RequestRecord): Phase {
  if (!/^\/~[^/]/.test(record.uri)) return DECLINED
  const { configuration } = record.walk
  if (!configuration.modules.has('userdir_module')) return DECLINED
  return undecided('`UserDir` looks for the home directory of a user', null)
}

/** `VirtualDocumentRoot` makes the path of the name. */
function massVirtualHost(record: RequestRecord): Phase {
  const { occurrences } = record.walk.configuration
  for (const name of [
    'virtualdocumentroot',
    'virtualscriptalias',
    'virtualdocumentrootip',
    'virtualscriptaliasip',
  ]) {
    if (!occurrences.has(name)) continue
    const line = lineFor(record, occurrences.get(name)![0]!.name)
    if (!line.known) return undecided(line.reason, line.at)
    if (line.value !== null && line.value.args[0]?.value.toLowerCase() !== 'none')
      return undecided(`\`${line.value.name}\` makes the path of the name`, namePlace(line.value))
  }
  return DECLINED
}
