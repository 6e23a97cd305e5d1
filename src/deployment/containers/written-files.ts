import { commandText } from '../../../parsers/dockerfile/command-text.ts'
import type { DockerImage } from '../../../parsers/dockerfile/image-of-stage.ts'
import type { Place } from '../../../parsers/text/source.ts'
import { placeOf } from '../../../parsers/text/written-text.ts'
import { sourceAt } from '../../files/file-system.ts'
import { textsIn } from '../../files/nested-files.ts'
import { splitNested } from '../../files/nested-path.ts'
import type { Container } from './container.ts'

/**
 * True where a text in a compose file or a Dockerfile is a file of this container: `content:` of a config that is
 * granted to it, a here-document of its command, or of a step that builds its image.
 *
 * @param path of the text, as {@link nestedPath} makes it
 * @param isHome of a path in the container: whether a server reads what stands there
 */
export function writesFile(
  { project, service, image, hostFiles }: Container,
  path: string,
  isHome: (target: string) => boolean,
): boolean {
  const nested = splitNested(path)
  const source = nested === null ? null : sourceAt(hostFiles, nested.outer)
  if (nested === null || source === null) return false
  const text = textsIn(source.path, source.text)[nested.index]
  if (text === undefined) return false
  const isIn = (at: Place | null | undefined): boolean =>
    at != null && at.source.path === source.path && at.start < text.end && at.end > text.start
  const ofCommand = [service.command, service.entrypoint].flatMap(command => command?.words ?? [])
  const ofBuild = image?.steps ?? []
  return (
    ofCommand.some(word => isIn(placeOf(word))) ||
    service.configs.some(
      ({ source: key, target }) =>
        key.known &&
        target.known &&
        isHome(target.value) &&
        isIn(project.configs.get(key.value)?.content?.at),
    ) ||
    ofBuild.some(
      step =>
        isIn(step.at) ||
        step.documents.some(({ text: document }) => isIn(placeOf(document))) ||
        ('command' in step && step.command.form === 'shell' && isIn(placeOf(step.command.script))),
    )
  )
}

/** A file of nginx's own directory, as a command names it. */
const FILE = String.raw`["']?(/(?:etc/nginx|usr/local/(?:openresty/)?nginx/conf)/[\w.@/-]*[\w@-])["']?(?=\s*(?:$|[\s;&|]))`
const WRITING = new RegExp(
  String.raw`(?:>>?[ \t]*|\btee(?:[ \t]+-a)?[ \t]+|\bcurl\b[^;&|\n]*[ \t]-o[ \t]+|\bwget\b[^;&|\n]*[ \t]-O[ \t]+)${FILE}`,
  'g',
)

/** Files of nginx that commands write into an image: what they hold, nobody has read. */
export function filesWrittenInto({ steps }: Pick<DockerImage, 'steps'>): readonly string[] {
  return steps.flatMap(step =>
    'command' in step ? [...commandText(step.command).matchAll(WRITING)].map(([, path = '']) => path) : [],
  )
}
