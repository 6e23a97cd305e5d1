import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { imageOfStage } from '../../parsers/dockerfile/image-of-stage.ts'
import { type PackageJson, readPackageJson } from '../../parsers/javascript/package-json.ts'
import { isSlip } from '../../parsers/text/slip.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeIn, type WrittenText } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { builtFilesOf, hasOneDirectory, mayBringOther } from './_built-files.ts'
import { composeWith, siteTo } from './_examples.ts'
import { instructionWord } from './_instruction-word.ts'
import { type BuiltFile, builtFiles } from './_stages.ts'
import { buildSteps, startedWords } from './_started-words.ts'

const SCRIPTS = '"dev": "vite", "build": "vite build", "start": "node server.js"'
const written = (scripts: string, more = ''): string => conf`
  {
    "scripts": { ${scripts} },
    ${more}
    "dependencies": { "vite": "6.0.0" }
  }
`
const tree = (
  lines: string,
  manifest = written(SCRIPTS),
  command = '["node", "server.js"]',
): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command }),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM node:22-slim
    WORKDIR /app
    COPY package.json ./
    RUN npm install
    COPY . .
    ${lines}
  `,
  'web/package.json': manifest,
  'web/server.js': 'require("http").createServer().listen(8000)\n',
})

export default defineRule({
  summary: 'A build or a container runs a script that `package.json` does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`npm run NAME` looks the name up in the `scripts` of `package.json` and ends where it is not there: Missing script. The build of the image ends with it, and so does a container that is started this way.',
  remedy: 'Write the name of a script that is there, or add the script',
  references: ['https://docs.npmjs.com/cli/v10/commands/npm-run-script'],
  unproven: 'The live tests build no images',
  bad: [
    { title: 'a build by another name', files: tree('«RUN» npm run build:prod') },
    { title: 'a step of several', files: tree('«RUN» npm run lint:fix --silent && npm run build') },
    {
      title: 'a command of a compose file',
      files: tree('RUN npm run build', written(SCRIPTS), '«npm run serve»'),
    },
    {
      title: 'a command of the image',
      files: {
        ...tree('RUN npm run build\nCMD ["«npm", "run", "server»"]'),
        'docker-compose.yml': composeWith().replace(/^ +command:.*\n/m, ''),
      },
    },
    {
      title: 'yarn, whose script is missing',
      files: tree('«RUN» yarn build', written('"start": "node server.js"')),
    },
    {
      title: '`npm start` without a script and without `server.js`',
      files: {
        ...tree('', written('"build": "vite build"'), '«npm start»'),
        'web/server.js': '',
        'web/.dockerignore': 'server.js\n',
      },
    },
  ],
  good: [
    {
      title: 'an example of a Dockerfile, for projects of other people',
      files: {
        'package.json': '{ "scripts": { "release": "./release.js" } }\n',
        'examples/custom/Dockerfile': conf`
          FROM node:22
          WORKDIR /app
          COPY package.json ./
          RUN npm install
          COPY . .
          RUN npm run build
          CMD ["npm", "run", "serve"]
        `,
      },
    },
    {
      title: 'scripts that are there',
      files: tree('RUN npm run build && npm run dev', written(SCRIPTS), 'npm start'),
    },
    {
      title: '`npm start`, which starts `server.js`',
      files: tree('', written('"build": "vite build"'), 'npm start'),
    },
    { title: 'where it need not be there', files: tree('RUN npm run optional --if-present') },
    { title: 'what may fail', files: tree('RUN npm run lint || true') },
    {
      title: 'a program of a package',
      files: tree(
        'RUN yarn vite build && yarn serve',
        written(SCRIPTS, '"devDependencies": { "serve": "14" },'),
      ),
    },
    { title: 'a list that npm prints', files: tree('RUN npm run && npm run env') },
    {
      title: 'another directory',
      files: tree('RUN cd client && npm run generate\nRUN npm --prefix client run generate'),
    },
    {
      title: 'a package of another stage',
      files: tree('COPY --from=build /out/ /app/\nRUN npm run generate'),
    },
    {
      title: 'a script that a step adds',
      files: tree('RUN npm pkg set scripts.generate=true\nRUN npm run generate'),
    },
    {
      title: 'a name that the build is given',
      files: tree('ARG TASK\nRUN npm run build:$TASK'),
    },
  ],
  *check(deployment) {
    for (const file of builtFiles(deployment)) yield* ofBuild(file)
    for (const { container } of deployment.machines) if (container !== null) yield* ofCommand(container)
  },
})

/** A script that is run, by the words of a command. */
const RUN =
  /^\s*(?:[A-Z_]+=\S+\s+)*(npm|yarn|pnpm)\s+(?:(run|run-script)\s+)?(?:(?:--silent|-s)\s+)?([\w][\w:.-]*)(?:\s+(?:--silent|-s|--\s.*))?\s*$/
/** Names that `yarn` and `pnpm` take for a script where they have no command of it. */
const OF_SCRIPTS = /^(?:build|start|dev|serve|prod|production|watch|generate|compile)(?::[\w-]+)*$/
/** Whatever may write another `package.json`, or bring one. */
const WRITES =
  /package\.json|\bnpm\s+(?:init|pkg|set-script)|\b(?:git|curl|wget|unzip|tar|jq|sed|mv|cp|ln)\b|\bcreate\b|\.sh\b|\bmake\b/

interface Asked {
  readonly program: string
  readonly name: string
}

/** The script that a command runs; null where it may be another thing. */
function scriptOf(text: string, { dependencies, devDependencies }: PackageJson): Asked | null {
  const [, program = '', run, name = ''] = RUN.exec(text) ?? []
  if (name === '' || (program === 'npm' && name === 'env')) return null
  const asked = { program, name }
  if (run !== undefined) {
    // What is no script may be a program of a package.
    if (program === 'npm' || OF_SCRIPTS.test(name)) return isProgram(name) ? null : asked
    return null
  }
  if (program === 'npm') return name === 'start' ? asked : null
  return OF_SCRIPTS.test(name) && !isProgram(name) ? asked : null

  function isProgram(each: string): boolean {
    return (
      program !== 'npm' &&
      [...dependencies, ...devDependencies.keys()].some(one => one.split('/').at(-1) === each)
    )
  }
}

function isMissing({ name }: Asked, { scripts }: PackageJson, files: FileSystem, directory: string): boolean {
  return !scripts.has(name) && (name !== 'start' || files.kind(posix.join(directory, 'server.js')) !== 'file')
}

function said(
  { program, name }: Asked,
  { scripts }: PackageJson,
): Pick<RuleFinding, 'message' | 'label' | 'help'> {
  const names = [...scripts.keys()]
  const near =
    names.find(each => isSlip(each, name, 1)) ?? names.find(each => each.split(':')[0] === name.split(':')[0])
  return {
    message: `\`package.json\` has no script \`${name}\`: ${program === 'npm' ? `npm error Missing script: "${name}"` : `Command "${name}" not found`}`,
    label: 'no such script',
    ...(near !== undefined && { help: `Write \`${near}\`, if it is this one` }),
  }
}

function manifestAt(files: FileSystem, directory: string): PackageJson | null {
  const source = sourceAt(files, posix.join(directory, 'package.json'))
  return source === null || source.template || !/^\s*\{[\s\S]*\}\s*$/.test(source.text)
    ? null
    : readPackageJson(source)
}

function* ofBuild({ dockerfile, source, context, files }: BuiltFile): Iterable<RuleFinding> {
  for (const [index, stage] of dockerfile.stages.entries()) {
    const image = imageOfStage(dockerfile, String(index))
    const directory = image?.workingDirectory
    if (image === null || directory?.known !== true || !hasOneDirectory(image)) continue
    const home = context ?? posix.dirname(source.path)
    const manifest = manifestOf(image, directory.value, home, files)
    if (manifest === null) continue
    for (const run of stage.runs) {
      const text = commandText(run.command)
      if (run.documents.length > 0 || /\|\||[;|<>]|\bcd\b|\bpushd\b|\bif\b|\$\(|`/.test(text)) continue
      for (const part of text.replace(/\\\n/g, ' ').split('&&')) {
        const asked = scriptOf(part, manifest.read)
        if (asked === null || !isMissing(asked, manifest.read, manifest.files, directory.value)) continue
        yield { at: instructionWord(run.at), ...said(asked, manifest.read) }
      }
    }
  }
}

function manifestOf(
  image: NonNullable<ReturnType<typeof imageOfStage>>,
  directory: string,
  context: string,
  files: FileSystem,
): { readonly read: PackageJson; readonly files: FileSystem } | null {
  if (mayBringOther(image, posix.join(directory, 'package.json'))) return null
  if (buildSteps({ image }).some(step => WRITES.test(step))) return null
  const inside = builtFilesOf(image, context, files)
  const read = manifestAt(inside, directory)
  return read === null ? null : { read, files: inside }
}

function* ofCommand(container: Container): Iterable<RuleFinding> {
  const { service, image, files, mounts } = container
  if (!service.complete || service.entrypoint !== null || image?.entrypoint != null) return
  if (service.build !== null && image === null) return
  const words = startedWords(container)
  const directory = service.workingDirectory ?? image?.workingDirectory ?? null
  const at = stretchOf(words)
  if (directory?.known !== true || at === null) return
  if (service.command !== null && service.command.rest !== null) return
  const path = posix.join(directory.value, 'package.json')
  if (
    mounts.some(
      mount => mount.path === null && posix.join(mount.target, '/') === posix.join(directory.value, '/'),
    )
  )
    return
  if (image !== null && (mayBringOther(image, path) || buildSteps(container).some(step => WRITES.test(step))))
    return
  const manifest = manifestAt(files, directory.value)
  if (manifest === null) return
  const asked = scriptOf(words.map(({ text }) => text).join(' '), manifest)
  if (asked === null || !isMissing(asked, manifest, files, directory.value)) return
  yield { at, ...said(asked, manifest) }
}

/** From the first word to the last, where they stand in one line. */
function stretchOf(words: readonly WrittenText[]): Place | null {
  const [first, last] = [words[0], words.at(-1)]
  if (first === undefined || last === undefined) return null
  const [begin, end] = [placeIn(first, 0, first.text.length), placeIn(last, 0, last.text.length)]
  return begin.source === end.source && begin.start < end.end ? { ...begin, end: end.end } : null
}
