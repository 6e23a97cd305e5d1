import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import type { ComposeService } from '../../../parsers/compose/compose.ts'
import type { PodContainer } from '../../../parsers/kubernetes/manifest.ts'
import { readManifests } from '../../../parsers/kubernetes/read-manifests.ts'
import type { Repository } from '../../files/machine.ts'
import { sourceAt } from '../../files/file-system.ts'
import { imageContainer } from '../containers/images-alone.ts'
import { isOfOthers, isOfPublicRegistry, repositoryOf } from './image-names.ts'

/** What builds the image of a container, where a Dockerfile of the repository does. */
export function buildOfPod(
  { run: { image } }: PodContainer,
  repository: Repository,
): Pick<ComposeService, 'build'> | null {
  if (image?.known !== true || isOfOthers(image.value)) return null
  const path = dockerfileOf(repositoryOf(image.value), ownImages(repository).size === 1, repository)
  const build = path === null ? null : (imageContainer(repository.files, path)?.service.build ?? null)
  return build === null ? null : { build: { ...build, at: image.at ?? build.at } }
}

/** The images that the pods of a repository run and somebody builds for himself, without their tags. */
const ownImages = memo(
  ({ files, manifests }: Repository): ReadonlySet<string> =>
    new Set(
      manifests
        .flatMap(path => sourceAt(files, path) ?? [])
        .filter(({ text }) => /^apiVersion:/m.test(text))
        .flatMap(source => readManifests(source).workloads)
        .flatMap(({ containers }) => containers)
        .flatMap(({ image }) => (image === null || isOfOthers(image) ? [] : [repositoryOf(image)])),
    ),
)

/**
 * The Dockerfile of an image: the one in the directory of its name, or the one that is called for it; the only one of
 * the repository where the manifests run no other image of its own, of a registry of its own.
 */
function dockerfileOf(image: string, isOnly: boolean, { dockerfiles }: Repository): string | null {
  const named = dockerfiles.filter(path => isCalled(path, posix.basename(image)))
  const found = named.length > 0 || !isOnly || isOfPublicRegistry(image) ? named : dockerfiles
  return found.length === 1 ? (found[0] ?? null) : null
}

function isCalled(path: string, image: string): boolean {
  const name = posix.basename(path)
  const part = /^(?:Dockerfile[._-](.+)|(.+)\.[Dd]ockerfile)$/.exec(name)
  const called = part === null ? posix.basename(posix.dirname(path)) : (part[1] ?? part[2])
  return called !== undefined && called !== '' && (image === called || image.endsWith(`-${called}`))
}
