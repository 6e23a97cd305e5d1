import { memo } from '../../../parsers/collections/memo.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { sliceWritten, wholeText, type WrittenText } from '../../../parsers/text/written-text.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../../parsers/yaml/yaml-node.ts'
import { type FollowedCommand, followedCommands } from './followed-commands.ts'

export const isYaml = ({ path }: Source): boolean =>
  /\.ya?ml(?:\.\w+)?$|(?:^|\/)\.ebextensions\/[^/]+\.config$/.test(path)

/** True for a script of a shell, by its name. */
export function isScript({ path }: Source): boolean {
  return (
    /\.(?:sh|bash)(?:\.\w+)?$|\/[^/.]+$/.test(path) &&
    !/(?:[Mm]ake|[Jj]ust|Docker|Vagrant|Cap|Gem)file|crontab/.test(path)
  )
}

/** The commands that a text may give to a shell, in their order: those of a script, and of other texts what looks so. */
export const setupCommands = memo((source: Source): readonly FollowedCommand[] =>
  shellsOf(source).flatMap(scripts => [...followedCommands(scripts)]),
)

/** What each shell reads. */
export function shellsOf(source: Source): readonly (readonly WrittenText[])[] {
  if (source.path.endsWith('.cfg')) return []
  if (isScript(source)) return [[wholeText(source)]]
  if (isYaml(source)) return readYaml(source).documents.flatMap(scalarsIn)
  const lines = linesOf(wholeText(source))
  return /(?:[Mm]ake|[Jj]ust)file$/.test(source.path) ? lines.map(line => [line]) : [lines]
}

/** The texts of a list, such as the `script` of a job of GitLab, are read by one shell. */
function scalarsIn(node: YamlNode): readonly (readonly WrittenText[])[] {
  if (node.kind === 'scalar') return [[node.text]]
  if (node.kind === 'map') return [...node.entries.values()].flatMap(({ value }) => scalarsIn(value))
  const texts = node.items.flatMap(item => (item.kind === 'scalar' ? [item.text] : []))
  return texts.length === node.items.length ? [texts] : node.items.flatMap(scalarsIn)
}

/** Lines, as far as a backslash continues them, and what stands there in quotes, as in `run "mkdir a"`. */
function linesOf(text: WrittenText): readonly WrittenText[] {
  return [...text.text.matchAll(/(?:[^\n\\]|\\[\s\S])+/g)].flatMap(({ 0: line, index }) => [
    sliceWritten(text, index, index + line.length),
    ...[...line.matchAll(/(?<=")[^"\n]+ [^"\n]+(?=")|(?<=')[^'\n]+ [^'\n]+(?=')/g)].map(inner =>
      sliceWritten(text, index + inner.index, index + inner.index + inner[0].length),
    ),
  ])
}
