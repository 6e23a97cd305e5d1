import { escapePattern } from '../../parsers/text/escape-pattern.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** `docker-compose.override.template.yml`, `compose.override.yaml.example`. */
const TEMPLATE = /^(?:docker-)?compose\.override\b.*\b(?:template|tmpl|tpl|example|sample|dist)\b/i

const CHANGES = /^[ \t]+(?:build|image|command|entrypoint|ports)[ \t]*:/m

/**
 * True where a file that is to be copied lays another image, command or port over a service: Compose reads
 * `docker-compose.override.yml` by itself, and each developer or server has its own.
 */
export function mayBeOverridden({ project, service, hostFiles }: Container): boolean {
  const head = new RegExp(
    String.raw`^([ \t]+)${escapePattern(service.name)}:[ \t]*\r?\n((?:\1[ \t]+.*(?:\n|$)|[ \t]*\r?\n)*)`,
    'm',
  )
  return (hostFiles.list(project.directory) ?? []).some(({ name, kind }) => {
    if (kind !== 'file' || !TEMPLATE.test(name)) return false
    const text = sourceAt(hostFiles, `${project.directory}/${name}`)?.text ?? ''
    return CHANGES.test(head.exec(text)?.[2] ?? '')
  })
}
