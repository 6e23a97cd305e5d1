import { posix } from 'node:path'
import type { Dockerfile } from '../../../parsers/dockerfile/dockerfile.ts'
import { imageOfStage } from '../../../parsers/dockerfile/image-of-stage.ts'
import { isBelow } from '../../../parsers/text/is-below.ts'
import type { FileSystem } from '../../files/file-system.ts'

/**
 * The directory from which a Dockerfile is built that no compose file builds: the nearest at or above it that has all
 * that it copies, best with the script that it starts of what it copies whole, or all but files that are made beside a
 * repository; null where there is none.
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
  const kept = copied.filter(each => !MADE.test(each))
  return has([...copied, ...started]) ?? has(copied) ?? (kept.length > 0 ? has(kept) : null)
}

/** What commands make beside a repository, which seldom keeps it. */
const MADE =
  /(?:^|\/)(?:npm-shrinkwrap\.json|[\w.-]*[-.]lock(?:\.json|\.ya?ml|b)?|go\.sum|\.env(?:\.\w+)?|vendor|node_modules|dist|build|target|out|\.next)(?:\/|$)/

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
