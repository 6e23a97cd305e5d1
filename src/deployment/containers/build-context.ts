import { posix } from 'node:path'
import type { Dockerfile } from '../../../parsers/dockerfile/dockerfile.ts'
import { imageOfStage } from '../../../parsers/dockerfile/image-of-stage.ts'
import { isBelow } from '../../../parsers/text/is-below.ts'
import type { FileSystem } from '../../files/file-system.ts'

/**
 * The directory from which a Dockerfile is built that no compose file builds: the nearest at or above it that has all
 * that it copies, perhaps but for the lock file of its packages, best with the script that it starts of what it copies whole; null where there is none.
 */
export function buildContext(dockerfile: Dockerfile, path: string, files: FileSystem): string | null {
  const copied = dockerfile.stages.flatMap(({ copies }) =>
    copies.flatMap(({ from, sources }) =>
      from === null
        ? sources.flatMap(each => (each.known && /^[\w./-]+$/.test(each.value) ? [each.value] : []))
        : [],
    ),
  )
  const started = startedScripts(dockerfile)
  const example = copied.some(each => EXAMPLES.test(`/${each}/`)) ? null : EXAMPLES.exec(path)
  const highest = example === null ? '/' : path.slice(0, example.index + example[0].length - 1)
  const has = (wanted: readonly string[]): string | null => {
    for (let directory = posix.dirname(path); ; directory = posix.dirname(directory)) {
      if (wanted.every(each => files.kind(posix.join(directory, each)) !== null)) return directory
      if (directory === highest) return null
    }
  }
  // Some repositories keep none of the files that a package manager writes.
  const kept = copied.filter(each => !OF_PACKAGES.test(each))
  return has([...copied, ...started]) ?? has(copied) ?? (kept.length > 0 ? has(kept) : null)
}

const OF_PACKAGES =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|Gemfile\.lock|composer\.lock|(?:poetry|uv|Pipfile)\.lock)$/

const EXAMPLES = /\/(?:examples?|samples?)\//

/** The scripts that the last stage starts where it has copied its whole context, by their paths in that. */
function startedScripts(dockerfile: Dockerfile): readonly string[] {
  const image = imageOfStage(dockerfile, null)
  const wholes = (image?.steps ?? []).flatMap(step =>
    'sources' in step &&
    step.from === null &&
    step.target.known &&
    step.sources.some(each => each.known && /^\.?\/?$/.test(each.value))
      ? [step.target.value]
      : [],
  )
  return [image?.entrypoint, image?.command].flatMap(command =>
    command?.form === 'exec'
      ? command.words.flatMap(({ text }) =>
          text.endsWith('.sh') && text.startsWith('/')
            ? wholes.filter(whole => isBelow(text, whole)).map(whole => posix.relative(whole, text))
            : [],
        )
      : [],
  )
}
