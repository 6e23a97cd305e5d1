import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost } from '../../src/deployment/requests/ask-host.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { placedRule } from '../../src/servers/apache/queries/rewriting.ts'
import { compilePcre, fromBytes } from '../../src/servers/regex.ts'

/** The page of a site that nobody has: what it embeds is asked for with its URL as `Referer`. */
const FOREIGN = 'https://another-site.invalid/page'

/**
 * A rule for files that other sites embed, which redirects to a picture that it takes as well: browsers send the
 * page as `Referer` again.
 *
 * @param isThere whether the picture lies where the rule's site has it, as a path of a URL
 */
export function* hotlinkLoops(
  deployment: Deployment,
  asked: AskedHost,
  lines: readonly ApacheDirective[],
  isThere: (path: string) => boolean,
) {
  const { configuration } = asked
  for (const line of lines) {
    if (line.name !== 'RewriteRule') continue
    const written = line.args[1]?.value ?? ''
    const [, scheme, host, path = ''] = /^(?:(https?):\/\/([\w.-]+))?(\/[^?]*)$/i.exec(written) ?? []
    if (path === '' || !isSettled(written) || /[$%]/.test(written) || !isThere(path)) continue
    const rule = placedRule(configuration, deployment.filesOf(configuration), line)
    const own = rule?.conditions.filter(({ input, negated }) => negated && /HTTP_REFERER/i.test(input)) ?? []
    if (own.length === 0) continue
    // The pages that may embed the files are those of the site itself.
    if (host !== undefined && !own.some(({ pattern }) => isOf(pattern, `${scheme}://${host}/`))) continue
    const { end, steps } = askHost(deployment, asked, path, {
      headers: { values: new Map([['referer', FOREIGN]]), complete: true },
      ...(host !== undefined && { name: host, scheme: scheme === 'https' ? 'https' : 'http' }),
    })
    if (end.kind !== 'response' || end.location === null) continue
    if (lastLine(steps, 'rewrite') !== line) continue
    const location = fromBytes(end.location)
    if (host === undefined ? !location.endsWith(path) : location !== written) continue
    const at = argumentPlace(line, 1)
    yield {
      at,
      cause: `${at.source.path} ${at.start}`,
      severity: 'warning' as const,
      message: `the rule takes \`${path}\` too, so what another site embeds is redirected to itself`,
    }
  }
}

function isOf(pattern: string, page: string): boolean {
  return pattern !== '^$' && compilePcre(pattern, { caseless: true })?.test(page) === true
}
