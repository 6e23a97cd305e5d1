import type { DockerCommand } from '../../../../parsers/dockerfile/dockerfile.ts'
import type { Container } from '../../containers/container.ts'
import { ANY_V6 } from '../../../servers/address.ts'
import { unknown } from '../../../servers/fact.ts'
import { virtualHosts } from '../../../servers/apache/queries/virtual-hosts.ts'
import type { ApacheListener, ApacheProgram } from '../../model.ts'

/**
 * What Debian's `ports.conf` opens in an image whose own main file reads the fragments of a container: `Listen 80`, and
 * 443 where mod_ssl is loaded, without which httpd refuses the lines of TLS. Each stands where a virtual host waits for
 * it.
 *
 * https://github.com/docker-library/php/blob/master/apache-Dockerfile-block-1
 */
export function stockListens(program: ApacheProgram): readonly ApacheListener[] {
  const { configuration, machine } = program
  if (configuration.main !== null || configuration.occurrences.has('listen')) return []
  if (machine.container === null || !hasStockPorts(machine.container)) return []
  return [80, 443].flatMap(port => {
    const at = virtualHosts(configuration)
      .flatMap(({ addresses }) => addresses)
      .find(({ socket }) => socket.known && socket.value.port === port)?.at
    if (at === undefined) return []
    return [
      {
        kind: 'apache',
        program,
        address: ANY_V6,
        port,
        ipv6only: false,
        protocol: unknown('`SSLEngine` of the virtual host decides'),
        loopback: false,
        directive: null,
        at,
        others: [],
      } as const,
    ]
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
  if (image?.command != null && scriptOf(image.command) !== 'apache2-foreground') return false
  if (mounts.some(({ target }) => /^\/etc\/apache2(?:\/(?:ports|apache2)\.conf)?\/?$/.test(target)))
    return false
  return (image?.steps ?? []).every(step => !('command' in step) || !OTHER_PORTS.test(scriptOf(step.command)))
}

function scriptOf(command: DockerCommand): string {
  return command.form === 'shell' ? command.script.text : command.words.map(({ text }) => text).join(' ')
}
