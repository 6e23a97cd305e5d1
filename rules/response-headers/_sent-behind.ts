import { memoByKey } from '../../parsers/collections/memo.ts'
import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { levelsOfStartPage } from '../../src/deployment/requests/levels-of-start-page.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { type HeaderLine, responseHeaders } from '../../src/servers/apache/queries/header-tables.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'

/** True where nginx keeps a header of the backend from clients, or an include that was not read may. */
export function isHidden({ server: { configuration }, block }: NginxConnection, name: string): boolean {
  const hidden = effectiveAtHand(configuration, block, 'proxy_hide_header')
  return !hidden.known || hidden.value.directives.some(({ args }) => args[0]?.value.toLowerCase() === name)
}

/**
 * The last line of Apache for a response header that holds for every page of a virtual host; undefined for none.
 *
 * @param name in lower case
 */
export function lineOfApache(deployment: Deployment, host: ApacheHost, name: string): HeaderLine | undefined {
  const { configuration } = host
  if (!configuration.occurrences.has('header')) return undefined
  if (!namesOfHeaders(deployment, configuration).has(name)) return undefined
  return linesOfApache(deployment, host).findLast(line => line.name.toLowerCase() === name)
}

/** The lines of Apache for response headers that hold for every page of a virtual host. */
export function linesOfApache(deployment: Deployment, host: ApacheHost): readonly HeaderLine[] {
  return responseHeaders(host.configuration, levelsOfStartPage(deployment, host)).lines
}

/** What lines of Apache name at all: of ten thousand hosts few name the header that is asked for. */
const namesOfHeaders = memoByKey((deployment: Deployment, configuration: ApacheConfiguration) => {
  const names = new Set<string>()
  const files = htaccessFiles(configuration, deployment.filesOf(configuration)).map(({ file }) => file)
  for (const { occurrences } of [configuration, ...files])
    for (const { args } of occurrences.get('header') ?? [])
      for (const { value } of args) names.add(value.toLowerCase().replace(/:$/, ''))
  return names
})
