import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { Connection, Deployment } from '../../src/deployment/model.ts'
import { containerVariables } from '../containers/_container-variables.ts'

const CONFIG = '/var/www/html/config'
/** Variables of its image that are about a proxy. */
const OF_PROXY = /^(?:TRUSTED_PROXIES|OVERWRITE(?:HOST|CLIURL|CONDADDR))$/

/**
 * Where a Nextcloud that variables tell of its proxy takes the pages of TLS for plain HTTP; null where it does not, and
 * where its own file in a volume may say it.
 *
 * @see https://docs.nextcloud.com/server/latest/admin_manual/configuration_server/reverse_proxy_configuration.html
 */
export function nextcloudUntold(
  deployment: Deployment,
  container: Container,
  connection: Connection,
): { readonly at: Place; readonly message: string } | null {
  const { service, hostFiles, files, mounts, reference } = container
  if (!/^nextcloud(?::(?!\S*fpm)\S+)?$/.test(reference ?? '') || !service.complete) return null
  const line = frontLine(connection)
  if (!line.tls || !/^http:/.test(connection.written)) return null
  const variables = containerVariables(container)
  if (!serviceVariables(service, hostFiles).complete) return null
  if (variables.some(({ name }) => name === 'OVERWRITEPROTOCOL')) return null
  const told = variables.findLast(({ name }) => OF_PROXY.test(name))
  if (told?.value?.at == null) return null
  const isKept = (files.list(CONFIG) ?? []).some(({ name }) => name.endsWith('.php'))
  if (isKept || mounts.some(({ target }) => target.startsWith(CONFIG) && target.endsWith('.php'))) return null
  if (mentioned(deployment)) return null
  const isTrusting = variables.some(({ name }) => name === 'TRUSTED_PROXIES')
  if (isTrusting && line.scheme !== 'nothing') return null
  const harm = 'it writes `http://` into pages of https: browsers block what they load, and `Grant access`'
  return {
    at: told.value.at,
    message: isTrusting
      ? `${line.server} sends no \`X-Forwarded-Proto\`, and without \`OVERWRITEPROTOCOL\` Nextcloud takes every page for plain HTTP: ${harm}`
      : `Nextcloud takes \`X-Forwarded-Proto\` from \`TRUSTED_PROXIES\` alone, of which there are none, and there is no \`OVERWRITEPROTOCOL\`: ${harm}`,
  }
}

/** True where a command of the repository may set it, as `occ config:system:set overwriteprotocol` does. */
function mentioned(deployment: Deployment): boolean {
  const texts = deployment.setups()
  return texts === null || texts.some(({ text }) => /overwriteprotocol/i.test(text))
}
