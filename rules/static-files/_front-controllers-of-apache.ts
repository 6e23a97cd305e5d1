import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { isForHtaccess } from '../../src/servers/apache/htaccess-alone.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { linesBeside, type PlacedRule, placedRule } from '../../src/servers/apache/queries/rewriting.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { isForEveryPath, leadingLine } from '../apache/_front-controller.ts'
import { namesIn, otherFrontController } from './_pages.ts'

/** Lines of Apache that give every page of a site to a script which is not there, where the one of another usual name is. */
export function* frontControllersNotThere(deployment: Deployment): Iterable<RuleFinding> {
  for (const asked of hostsHolding(deployment, ['rewriterule', 'fallbackresource'])) {
    const root = documentRoot(asked)
    const names = root.known ? namesIn(deployment.filesOf(asked.configuration), root.value) : null
    const line = root.known && names !== null ? lineOf(deployment, asked, root.value) : null
    if (!root.known || names === null || line === null || names.has(line.script)) continue
    const present = otherFrontController(names, line.script)
    if (present === undefined) continue
    yield {
      at: line.at,
      message: `\`${line.script}\` is not there, and \`${present}\` is: no page is answered by the application`,
      help: `Write \`${present}\``,
    }
  }
}

interface FrontController {
  /** In the document root. */
  readonly script: string
  readonly at: Place
}

/** The line by which a page that is no file of the document root is given to a script there. */
function lineOf(deployment: Deployment, asked: AskedHost, root: string): FrontController | null {
  const { configuration } = asked
  const { steps } = askHost(deployment, asked, PATHS.missingPage)
  const last = leadingLine(steps)
  if (last === null) return null
  const rule = placedRule(configuration, deployment.filesOf(configuration), last)
  const target = rule?.output ?? last.args[0]?.value ?? ''
  const script = /^\/?([\w-]+\.php)(?:\?.*)?$/.exec(target)?.[1]
  if (script === undefined || (rule !== undefined && !isForEveryPath(rule))) return null
  const isBeside = rule?.directory?.replace(/\/$/, '') === root && !hasOtherBase(configuration, rule)
  // Of a `.htaccess` alone nobody knows where the site begins.
  const isAlone = configuration.main !== null && isForHtaccess(configuration.main)
  const isInRoot = target.startsWith('/') ? !isAlone : isBeside
  return isInRoot ? { script, at: argumentPlace(last, rule === undefined ? 0 : 1) } : null
}

function hasOtherBase(configuration: ApacheConfiguration, rule: PlacedRule): boolean {
  return linesBeside(configuration, rule, 'rewritebase').some(({ args }) => args[0]?.value !== '/')
}
