import { escapePattern } from '../../../parsers/text/escape-pattern.ts'

/** The references of an image, of which a workflow or a script may leave parts to variables. */
export interface ImagePattern {
  /** Asked with the tag, and without `docker.io/`. */
  readonly matches: RegExp
  /** False where a part of the name is left open. */
  readonly isExact: boolean
}

/** `${{ env.NAME }}`, `${NAME}`, `$(NAME)` of make, `$NAME`. */
const VARIABLE = /\$\{\{\s*([^{}]*?)\s*\}\}|\$\{(\w+)[^{}]*\}|\$\((\w+)\)|\$(\w+)/g
const OPEN = '\0'
const OF_BRANCH = /^(?:github\.ref_name|GITHUB_REF_NAME|CI_COMMIT_(?:REF_SLUG|REF_NAME|BRANCH))$/
const BRANCHES = '(?:main|master|trunk|develop|development|staging|production)'
const SEGMENTS = String.raw`[\w.-]+(?:/[\w.-]+)*`
const OPEN_NAMES: ReadonlyMap<string, string> = new Map([
  ['github.repository', String.raw`[\w.-]+/[\w.-]+`],
  ['GITHUB_REPOSITORY', String.raw`[\w.-]+/[\w.-]+`],
  // Each project of GitLab has a path of its own in a registry.
  ['CI_REGISTRY_IMAGE', String.raw`(?:registry|gitlab)\.[\w.-]+(?::\d+)?(?:/[\w.-]+)+`],
])

/**
 * A reference under which an image is pushed again and again: by the tag `latest`, or by that of a branch.
 *
 * @param written `ghcr.io/${{ github.repository }}:latest`
 * @returns null for a digest, for the tag of a release or a commit, and where next to nothing is written out
 */
export function movingImage(written: string, variables: ReadonlyMap<string, string>): ImagePattern | null {
  const open: string[] = []
  const masked = filledIn(written, variables).replace(VARIABLE, (_, ...names: (string | undefined)[]) => {
    open.push(names.slice(0, 4).find(name => name !== undefined) ?? '')
    return OPEN
  })
  const [, name = '', tag = 'latest'] =
    /^(?:docker\.io\/)?((?:[^\s/@]+\/)*[^\s/:@]+)(?::([^\s/:@]+))?$/.exec(masked) ?? []
  const isBranch = tag === OPEN && OF_BRANCH.test(open.at(-1) ?? '')
  if (name === '' || !(isBranch || isMovingTag(tag))) return null
  if (!/[a-z]{3}/.test(name) && !open.includes('CI_REGISTRY_IMAGE')) return null
  const pattern = name
    .split(OPEN)
    .map(
      (part, at) => (at === 0 ? '' : (OPEN_NAMES.get(open[at - 1] ?? '') ?? SEGMENTS)) + escapePattern(part),
    )
    .join('')
  return {
    matches: new RegExp(`^${pattern}:${isBranch ? BRANCHES : escapePattern(tag)}$`),
    isExact: !name.includes(OPEN),
  }
}

/** True for a tag that names another image tomorrow; one with a number in it is that of a release. */
const isMovingTag = (tag: string): boolean => /^[a-z]+(?:[_-][a-z]+)*$/i.test(tag)

/** With what is known of variables, which may hold others. */
function filledIn(written: string, variables: ReadonlyMap<string, string>): string {
  let text = written
  for (let depth = 0; depth < 3; depth++)
    text = text.replace(VARIABLE, (all, ...names: (string | undefined)[]) => {
      const name = names.slice(0, 4).find(each => each !== undefined) ?? ''
      return variables.get(name.replace(/^(?:env|vars)\./, '')) ?? all
    })
  return text
}

/** True for the reference of a compose file or a manifest that is one of the pattern's. */
export function isImageOf({ matches }: ImagePattern, reference: string): boolean {
  const plain = reference.replace(/^docker\.io\//, '')
  return matches.test(/:[^/]+$/.test(plain) ? plain : `${plain}:latest`)
}
