import { posix } from 'node:path'
import type { Container } from '../../src/deployment/containers/container.ts'

/** Images in which a web server is all that runs. */
const SERVERS =
  /^(?:nginx|httpd|openresty\/openresty|nginxinc\/nginx-unprivileged|ubuntu\/nginx|bitnami\/(?:nginx|apache)|nginx\/nginx)$/
const NAMES = /^(?:nginx|nginx-debug|httpd|httpd-foreground|apache2-foreground|openresty)$/

/** True where a web server is surely the only program of a container that opens sockets. */
export function runsOnlyWebServer({ base, service, image }: Container): boolean {
  if (base === null || !SERVERS.test(base)) return false
  if (!service.complete || service.entrypoint !== null || image?.entrypoint != null) return false
  if (service.command !== null) return startsServer(service.command.words.map(({ text }) => text))
  if (image?.command == null) return true
  const { command } = image
  return startsServer(
    command.form === 'exec' ? command.words.map(({ text }) => text) : ['sh', '-c', command.script.text],
  )
}

/** A shell around it may reload it now and then, or fill in its configuration before. */
function startsServer(words: readonly string[]): boolean {
  const [first = '', option, script = ''] = words
  if (NAMES.test(posix.basename(first))) return true
  if (!/^(?:ba|da|a)?sh$/.test(posix.basename(first)) || !/^-\w*c$/.test(option ?? '')) return false
  return script
    .replace(/"[^"]*"|'[^']*'/g, 'x')
    .split(/&&|\|\||[;&|\n]|\bdo\b|\bdone\b/)
    .map(
      part =>
        part
          .trim()
          .replace(/^exec\s+/, '')
          .split(/\s+/)[0] ?? '',
    )
    .every(
      name =>
        /^(?:|while|until|for|:|true|sleep|wait|envsubst|cp|mv|echo|nginx|[A-Z_]+=.*|\$\S*|[{}]|trap|exit|TERM|mkdir|chown|chmod|rm|cat|sed|date)$/.test(
          name,
        ) || NAMES.test(posix.basename(name)),
    )
}
