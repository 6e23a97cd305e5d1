import { posix } from 'node:path'
import { readPackageJson } from '../../parsers/javascript/package-json.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { filesBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { fileNearBeside } from '../_nearest-name.ts'
import { mayBringOther } from './_built-files.ts'
import type { Started } from './_started-words.ts'

const LANGUAGES = /^(?:python|node)(?=[:@]|$)/
const PROGRAM = /^(?:\/usr\/(?:local\/)?bin\/)?(node|python3?(?:\.\d+)?)$/
/** Steps that install packages and prepare directories, and write no program of the project. */
const HARMLESS =
  /^\s*(?:[A-Z_]+=\S+\s+)*(?:npm\s+(?:ci|i|install|cache|config)|yarn(?:\s+install|\s+cache)?(?=\s+-|\s*$)|pnpm\s+(?:i|install)|corepack|(?:python[\d.]*\s+-m\s+)?pip[\d.]*\s+install|poetry\s+(?:config|install)|uv\s+(?:sync|pip)|apt-get|apt|apk|mkdir|chown|chmod|useradd|adduser|addgroup|groupadd|rm|true|set|export)(?=\s|$)/
/** Directories that a build fills before the image is built, and that no repository keeps. */
const GENERATED = /(?:^|\/)(?:dist|build|out|lib|bin|output|target|generated|node_modules|\.[\w-]+)\//

/** A script of Node.js or Python that a container is to run, and that its image has elsewhere or in another language. */
export function fileMissing(
  container: Started,
  words: readonly WrittenText[],
  steps: readonly string[],
): RuleFinding | null {
  const { service, image, reference, mounts, files, hostFiles, fault } = container
  const program = PROGRAM.exec(words[0]?.text ?? '')?.[1]
  const word = words.slice(1).find(({ text }) => !/^-(?:u|O|B|-[\w-]+(?:=\S*)?)$/.test(text))
  if (program === undefined || word === undefined || image === null || fault !== null) return null
  const { text } = word
  const isNode = program === 'node'
  if (!(isNode ? /^[\w./-]+\.[cm]?js$/ : /^[\w./-]+\.py$/).test(text)) return null
  if (!LANGUAGES.test(reference ?? '')) return null
  if (service !== null && (!service.complete || service.volumesFrom.length > 0)) return null
  const directory = service?.workingDirectory ?? image.workingDirectory
  if (directory?.known !== true) return null
  const path = posix.resolve(directory.value, text)
  if (files.kind(path) !== null || GENERATED.test(path.slice(1))) return null
  if (mayBringOther(image, path) || mounts.some(each => each.path === null && isBelow(path, each.target)))
    return null
  const parts = steps.flatMap(step => step.replace(/\\\n/g, ' ').split(/&&|\n/))
  if (!parts.every(part => HARMLESS.test(part) && !/[|;>`]|\$\(/.test(part))) return null
  const manifest = sourceAt(files, posix.join(directory.value, 'package.json'))
  const scripts = manifest === null ? null : readPackageJson(manifest).scripts
  if (['install', 'postinstall', 'prepare'].some(name => scripts?.has(name) === true)) return null
  if (isIgnored(container, posix.basename(path), hostFiles)) return null
  const source = isNode ? path.replace(/js$/, 'ts') : null
  const other =
    source !== null && files.kind(source) === 'file' ? source : elsewhere(files, path, directory.value)
  if (other === null) return null
  const said = isNode
    ? `Error: Cannot find module '${path}'`
    : `can't open file '${path}': [Errno 2] No such file or directory`
  return {
    at: placeOf(word),
    severity: 'error',
    message:
      other === source
        ? `the image has \`${posix.basename(other)}\` alone, which no step compiles: ${said}`
        : `the image has \`${other}\`, and nothing is here: ${said}`,
    label: 'not there',
    ...(other !== source && {
      help: `Write \`${posix.relative(directory.value, other)}\`, if it is this one`,
    }),
  }
}

/** A file that git leaves alone is made by somebody before the image is built. */
function isIgnored({ mounts }: Started, name: string, files: FileSystem): boolean {
  return mounts.some(({ path, from }) => {
    const list = path === null || from !== 'COPY' ? null : sourceAt(files, posix.join(path, '.gitignore'))
    return list?.text.includes(name) === true || /^\*\.[cm]?js$/m.test(list?.text ?? '')
  })
}

/** The one file of the same name in the directories of the project, or one beside it that differs by a letter. */
function elsewhere(files: FileSystem, path: string, home: string): string | null {
  const beside = fileNearBeside(files, path)
  if (beside !== null) return beside
  const name = posix.basename(path)
  const found = [...filesBelow(files, home, AROUND)].filter(each => posix.basename(each) === name)
  return found.length === 1 ? (found[0] ?? null) : null
}

const AROUND = { levels: 2, skipped: /^(?:\.|node_modules$|tests?$)/ }
