import { posix } from 'node:path'
import type { Container } from '../../src/deployment/containers/container.ts'
import { startTexts } from '../containers/_shell-texts.ts'

/** The web server of PHP, and those of Octane, which Laravel starts by itself. */
const SERVES = /\bartisan\s+(?:serve|octane:\w+)\b|\bfrankenphp\s+(?:run|php-server)\b/

/** The public directory of a Laravel that a container serves without another server; null for every other container. */
export function rootOfArtisan(container: Container): string | null {
  const { service, image, files } = container
  if (!service.complete || !serves(container)) return null
  const directory = service.workingDirectory ?? image?.workingDirectory ?? null
  if (directory?.known !== true || files.kind(posix.join(directory.value, 'artisan')) !== 'file') return null
  return posix.join(directory.value, 'public')
}

function serves(container: Container): boolean {
  const words = [...startTexts(container)].map(({ text }) => text)
  return words.some(text => SERVES.test(text)) || SERVES.test(words.join(' '))
}
