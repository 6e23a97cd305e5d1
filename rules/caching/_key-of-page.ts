import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { lineText, positionAt } from '../../parsers/text/source.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'

const PATH = /^(?:uri|document_uri)$/
const QUERY = /^(?:request_uri|args|query_string|arg_\w+)$/
/** What is the same for all pages of a site. */
const SAME_FOR_ALL =
  /^(?:scheme|host|hostname|http_host|https|request_method|proxy_host|proxy_port|server_name|server_port|is_args)$/

/** What is wrong with a key that is one for all pages; null where it tells them apart. */
export function withoutPath(
  deployment: Deployment,
  connection: NginxConnection,
  value: string,
): Omit<RuleFinding, 'at'> | null {
  const names = variableNames(value)
  if (names.every(name => SAME_FOR_ALL.test(name)) && !namesPage(value) && !isOnePage(connection))
    return {
      aspect: 'path',
      severity: 'error',
      message: `\`${value}\` has no path, so every page is answered with the first that was kept`,
    }
  const path = names.find(name => PATH.test(name))
  const hasPage = names.some(name => /^request_uri$|^arg_/.test(name))
  if (path === undefined || hasPage || !isOneScript(deployment, connection)) return null
  return {
    aspect: 'path',
    severity: 'error',
    message: `\`$${path}\` is \`/index.php\` for every page that \`try_files\` leads there, so every page is answered with the first that was kept`,
    help: 'Write `$request_uri` in place of it',
  }
}

/** True for a key with a path that is the same for pages that differ by their query. */
export function lacksQuery(connection: NginxConnection, names: readonly string[]): boolean {
  return (
    names.some(name => PATH.test(name)) &&
    !names.some(name => QUERY.test(name)) &&
    !isOfFiles(connection) &&
    !dropsQuery(connection)
  )
}

/** True where pages that are no files come to this location as `/index.php`, with nothing of their path in the query. */
function isOneScript(deployment: Deployment, { server, block, pass }: NginxConnection): boolean {
  if (pass.name !== 'fastcgi_pass' || !isOfScripts(block)) return false
  const [request] = requestsToServer(deployment, server, `/${MISSING}/`)
  if (request === undefined) return false
  const { steps, end } = probe(deployment, request)
  const fallback = steps.find(({ text }) => /^`try_files` falls back to `\/index\.php/.test(text))
  return (
    end.kind === 'backend' &&
    fallback !== undefined &&
    !fallback.text.includes(MISSING) &&
    steps.some(({ directive }) => directive === pass)
  )
}

/** True for a location of scripts by their suffix. */
function isOfScripts({ args }: NginxDirective): boolean {
  return args.some(({ value }) => /\\\.\(?php/.test(value))
}

/** True where the comment in front of a key says that pages share an answer. */
export function isMeant({ source, node }: NginxDirective): boolean {
  for (let line = positionAt(source, node.start).line - 1; line > 0; line--) {
    const text = lineText(source, line).trim()
    if (!text.startsWith('#')) return false
    if (/\bhost(?:name)? only\b|\bshar(?:e[sd]?|ing)\b|\b(?:one|same) (?:page|answer|response)\b/i.test(text))
      return true
  }
  return false
}

/** True for a key with a path that is written out, as for a list that is one page. */
function namesPage(value: string): boolean {
  return /\/\w/.test(value.replace(/\$(?:\{\w+\}|\w+)/g, ''))
}

/** True for a location of one URL, and for what has conditions of its own. */
export function isOnePage({ block }: NginxConnection): boolean {
  if (block.name !== 'location') return block.name !== 'server'
  const { modifier, name } = readLocation(block)
  return modifier === '=' || (modifier.startsWith('~') && /^\^[\w/\\.-]+\$$/.test(name))
}

/**
 * True where the backend gets the path that is built here, and no query with it.
 * https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass
 */
function dropsQuery({ pass }: NginxConnection): boolean {
  const [, path = ''] = /^https?:\/\/(?:\$\w+(?=\/)|[^/$]+)(.*)$/.exec(pass.args[0]?.value ?? '') ?? []
  return (
    pass.name === 'proxy_pass' && path.includes('$') && !variableNames(path).some(name => QUERY.test(name))
  )
}

/** True for a location of files by their suffixes, where a query says the release alone. */
function isOfFiles({ block }: NginxConnection): boolean {
  return (
    (block.args.some(({ value }) => /\\\.[(\w]/.test(value)) && !isOfScripts(block)) ||
    /\/\(?(?:\?:)?(?:static|assets|media|images?|uploads?|files?|thumb\w*)\b/.test(
      block.args.at(-1)?.value ?? '',
    )
  )
}

/** True where the writer of the key says, beside it or by the location, that nothing there depends on the query. */
export function isWithoutQueryByIntent(
  { source, node }: NginxDirective,
  { block, written }: NginxConnection,
): boolean {
  const comment = lineText(source, positionAt(source, node.start).line).split('#')[1] ?? ''
  const { modifier, name } = readLocation(block)
  return (
    comment.trim() !== '' ||
    /\btiles?\b|\bvtp\b/i.test(`${name} ${written}`) ||
    // One kind of document: a pattern to its end that takes no path of any depth.
    (block.name === 'location' && /^~/.test(modifier) && /^\^.*\$$/.test(name) && !/\.[*+]|\|/.test(name))
  )
}
