import type { WrittenText } from '../../../parsers/text/written-text.ts'
import type { Container } from './container.ts'

/** A container, or an image that no compose file and no manifest starts. */
type Checked = Pick<Container, 'image'> & {
  readonly [Starter in 'service' | 'project']: Container[Starter] | null
}

/** Program and arguments of what checks a container, or the one script of a shell; the image's where the service has none. */
export function healthCheck({
  service,
  image,
  project,
}: Checked): { readonly words: readonly WrittenText[]; readonly shell: boolean } | null {
  if (service !== null && service.healthcheck !== null) return service.healthcheck
  // Kubernetes runs its own probes, and never what an image says.
  if (project?.startedBy === 'pods') return null
  const command = image?.healthcheck ?? null
  if (command === null || command === 'none') return null
  return command.form === 'exec'
    ? { words: command.words, shell: false }
    : { words: [command.script], shell: true }
}
