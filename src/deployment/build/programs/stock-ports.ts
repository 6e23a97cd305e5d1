import { commandText } from '../../../../parsers/dockerfile/command-text.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import { virtualHosts } from '../../../servers/apache/queries/virtual-hosts.ts'
import type { Container } from '../../containers/container.ts'
import type { ApacheProgram } from '../../model.ts'

/**
 * What Debian's `ports.conf` opens in an image whose own main file reads the fragments of a container: `Listen 80`, and
 * 443 where mod_ssl is loaded, without which httpd refuses the lines of TLS. Each stands where a virtual host waits for
 * it.
 *
 * https://github.com/docker-library/php/blob/master/apache-Dockerfile-block-1
 */
export function stockPorts({
  configuration,
  machine: { container },
}: ApacheProgram): readonly { readonly port: number; readonly at: Place }[] {
  if (configuration.main !== null || configuration.occurrences.has('listen')) return []
  if (container === null || !hasStockPorts(container)) return []
  const addresses = virtualHosts(configuration).flatMap(host => host.addresses)
  return [80, 443].flatMap(port => {
    const waiting = addresses.find(({ socket }) => socket.known && socket.value.port === port)
    return waiting === undefined ? [] : [{ port, at: waiting.at }]
  })
}

/** Images of the official library that run Debian's httpd. */
const IMAGES =
  /^(?:php:[\w.-]*apache[\w.-]*|(?:wordpress|nextcloud|drupal|joomla|matomo)(?::(?![\w.-]*(?:fpm|cli))[\w.-]*)?)$/
/** What tells it other ports, in a step of the build. */
const OTHER_PORTS = /ports\.conf|\bListen\b|apache2\.conf/

function hasStockPorts({ reference, image, service, mounts }: Container): boolean {
  if (reference === null || !IMAGES.test(reference) || !service.complete) return false
  if (service.command !== null || service.entrypoint !== null || image?.entrypoint != null) return false
  if (image?.command != null && commandText(image.command) !== 'apache2-foreground') return false
  if (mounts.some(({ target }) => /^\/etc\/apache2(?:\/(?:ports|apache2)\.conf)?\/?$/.test(target)))
    return false
  return (image?.steps ?? []).every(
    step => !('command' in step) || !OTHER_PORTS.test(commandText(step.command)),
  )
}
