import { posix } from 'node:path'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeIn } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/**
 * Where a certbot of the same project renews, again and again, what nginx of a container reads, and nothing of the
 * repository reloads nginx: its image starts it as it comes, and certbot has no hook.
 */
export function renewingBeside(container: Container, path: string): Place | null {
  const { project, service, hostFiles } = container
  if (!project.complete || !service.complete || mayReloadItself(container)) return null
  const services = [...project.services.values()]
  if (services.some(each => each !== service && mayReloadOthers(each))) return null
  const renewing = services.find(each => sharesLive(each, service, path))
  const at = renewing === undefined ? null : renewalIn(renewing)
  return at === null || reloadsByScript(hostFiles, project.directory) ? null : at
}

/** The official image runs nginx in the foreground, and does no more unless it is given a command or a script. */
function mayReloadItself({ service, image, reference, mounts }: Container): boolean {
  if (service.command !== null || service.entrypoint !== null) return true
  if (!/^(?:nginx|nginxinc\/nginx-unprivileged)(?::|$)/.test(reference ?? '')) return true
  if (mounts.some(({ target }) => /docker-entrypoint|\.sh$|cron/.test(target))) return true
  if (image === null) return service.build !== null
  const texts = [image.entrypoint, image.command].flatMap(each => (each === null ? [] : [commandText(each)]))
  return texts.some(text => !/^(?:nginx -g ['"]?daemon off;['"]?|\/docker-entrypoint\.sh)$/.test(text))
}

/** What has Docker's socket or a label for it may do anything to another container. */
function mayReloadOthers({ volumes, labels, command, entrypoint }: ComposeService): boolean {
  const words = [command, entrypoint].flatMap(each => each?.words.map(({ text }) => text) ?? []).join(' ')
  return (
    volumes.some(({ source }) => source?.known === true && source.value.includes('docker.sock')) ||
    labels.some(({ name }) => /ofelia|job-exec/.test(name)) ||
    /\breload\b|\bHUP\b|docker/.test(words)
  )
}

/** True for a certbot whose certificates a volume of nginx has, at the path that nginx reads. */
function sharesLive({ image, volumes }: ComposeService, server: ComposeService, path: string): boolean {
  if (image?.known !== true || !/(?:^|\/)certbot\/(?:certbot|dns-[\w-]+)(?:[:@]|$)/.test(image.value))
    return false
  return volumes.some(
    ({ source, target }) =>
      source?.known === true &&
      target.known &&
      cleanPath(target.value) === '/etc/letsencrypt' &&
      server.volumes.some(
        other =>
          other.source?.known === true &&
          cleanPath(other.source.value) === cleanPath(source.value) &&
          other.target.known &&
          path.startsWith(`${cleanPath(other.target.value)}/`),
      ),
  )
}

/** The word of a loop that renews, where no hook follows. */
function renewalIn({ command, entrypoint }: ComposeService): Place | null {
  const words = [...(entrypoint?.words ?? []), ...(command?.words ?? [])]
  const text = words.map(word => word.text).join(' ')
  // By itself `renew` ends at once: whoever starts it again may reload nginx, too.
  if (!/\bwhile\b|\bcrond\b|\buntil\b/.test(text) || /hook|nginx|curl|wget|kill|\breload\b/.test(text))
    return null
  for (const word of words) {
    const match = /\bcertbot\b[^;&|]*?\brenew\b/.exec(word.text)
    if (match !== null) return placeIn(word, match.index, match.index + match[0].length)
  }
  return null
}

/** Where people keep what they start by hand or by cron. */
const SCRIPTS = ['', 'scripts', 'script', 'bin', 'nginx', 'certbot', 'cron', 'deploy', 'ops', 'docker']
const RELOADS = /nginx.*\b(?:reload|restart|-s|HUP)\b|\b(?:reload|restart|HUP)\b.*nginx/

/** True where a script or a table of cron renews and reloads; the one that asks for the first certificate does not count. */
function reloadsByScript(files: FileSystem, directory: string): boolean {
  return SCRIPTS.some(name => {
    const own = posix.join(directory, name)
    return (files.list(own) ?? []).some(({ name: file, kind }) => {
      if (kind !== 'file' || !/\.sh$|^crontab/.test(file)) return false
      const text = sourceAt(files, posix.join(own, file))?.text ?? ''
      return RELOADS.test(text) && (!file.endsWith('.sh') || /\brenew\b(?!al)/.test(text))
    })
  })
}
