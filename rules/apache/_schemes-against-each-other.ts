import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { fromBytes } from '../../src/servers/regex.ts'

/** A rule of `.htaccess` that sends a page to HTTPS, and another one that sends what comes over HTTPS back. */
export function* schemesAgainstEachOther(deployment: Deployment, asked: AskedHost) {
  const { configuration, host } = asked
  const files = deployment.filesOf(configuration)
  const own = new Set(htaccessFilesOf(configuration, files, host))
  const rules = placedRules(configuration, files).filter(
    ({ htaccess, output }) => htaccess !== null && own.has(htaccess) && /^https?:/i.test(output),
  )
  if (!rules.some(({ output }) => /^http:/i.test(output))) return
  for (const rule of rules.filter(({ output }) => /^https:/i.test(output)).slice(0, MOST_RULES)) {
    for (const path of pathsOf(rule, urlOfDirectory(asked, rule.htaccess?.directory ?? '') ?? '/')) {
      const name = nameIn(rule)
      const question = { standing: 'nothing', ...name } as const
      const there = askHost(deployment, asked, path, { scheme: 'http', ...question })
      const secure = locationOf(there)
      if (lastLine(there.steps, 'rewrite') !== rule.directive || secure === null) continue
      const [, origin, rest] = /^https:\/\/([^/]+)(\/.*)$/.exec(secure) ?? []
      if (rest === undefined || (name.name !== undefined && origin !== name.name)) continue
      const back = askHost(deployment, asked, rest, { scheme: 'https', ...question })
      const line = lastLine(back.steps, 'rewrite')
      if (line === null || line === rule.directive || locationOf(back) !== `http://${origin}${path}`) continue
      yield {
        at: argumentPlace(line, 1),
        cause: `${line.source.path} ${line.start}`,
        message: `this redirect leads back to itself: \`http://${origin}${path}\` → \`${secure}\` → \`http://${origin}${path}\``,
        related: [{ at: argumentPlace(rule.directive, 1), message: 'redirects to HTTPS' }],
      }
      return
    }
  }
}

/** The host that a target writes out; none for that of the request. */
function nameIn({ output }: PlacedRule): { readonly name?: string } {
  const [, name] = /^https:\/\/([\w-]+(?:\.[\w-]+)+)(?:\/|$)/i.exec(output) ?? []
  return name === undefined ? {} : { name: name.toLowerCase() }
}

/** A page, and paths that the pattern of the rule and its conditions take. */
function pathsOf({ pattern, conditions }: PlacedRule, base: string): readonly string[] {
  const ofConditions = conditions
    .filter(({ input, test, negated }) => /^%\{REQUEST_URI\}$/i.test(input) && test === 'regex' && !negated)
    .flatMap(condition => samples(fromBytes(condition.pattern)))
  const ofPattern = samples(pattern).map(text => base + text)
  return [
    ...new Set([PATHS.missingPage, ...ofConditions, ...ofPattern].filter(path => /^\/[\w./-]*$/.test(path))),
  ]
}

function samples(pattern: string): readonly string[] {
  return sampleTexts(pattern, { filler: 'a' }).texts.slice(0, MOST_SAMPLES)
}

function locationOf({ end }: ReturnType<typeof askHost>): string | null {
  return end.kind === 'response' && end.location !== null ? fromBytes(end.location) : null
}

const MOST_RULES = 20
const MOST_SAMPLES = 4
