import { givenVariables } from '../../parsers/compose/given-variables.ts'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import type { Machine } from '../../src/deployment/model.ts'

const PROXY =
  /nginx|httpd|apache|caddy|traefik|haproxy|envoy|resty|proxy|swag|tunnel|cloudflare|gateway|varnish|ngrok/i

/** True of a service whose name, image or directory is called as proxies are. */
export function isProxyService({ name, image, build }: ComposeService): boolean {
  const texts = [
    name,
    image?.known === true ? image.value : '',
    build?.context.known === true ? build.context.value : '',
  ]
  return texts.some(text => PROXY.test(text.replace(/^.*\/(?=[^/]+$)/, '')))
}

/** True where another proxy may stand in front of a container: one of its project, or one that its labels speak to. */
export function mayHaveProxyInFront({ container }: Machine): boolean {
  if (container === null) return false
  const { project, service } = container
  return (
    service.labels.some(({ name }) => /^(?:traefik|caddy)\b/.test(name)) ||
    givenVariables(service).some(({ name }) => name === 'VIRTUAL_HOST') ||
    [...project.services.values()].some(each => each.name !== service.name && isProxyService(each))
  )
}
