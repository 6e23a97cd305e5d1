import type { Container } from '../../src/deployment/containers/container.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { buildSteps, copiesPrograms, type Script, scriptAt, startedWords } from './_started-words.ts'

const SCRIPT = conf`
  #!/bin/sh
  python manage.py migrate
  exec "$@"
`
const tree = (dockerfile: string, script: string): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web.example.net:8000'),
  'web/Dockerfile': dockerfile,
  'web/entrypoint.sh': script,
})
const image = (base: string, lines = ''): string => conf`
  FROM ${base}
  WORKDIR /app
  COPY . .
  ${lines}
  ENTRYPOINT ["/app/entrypoint.sh"]
`
const crlf = (text: string): string => text.replaceAll('\n', '\r\n')

export default defineRule({
  summary: 'A container cannot start its script',
  severity: 'error',
  otherSeverities: {
    info: 'where the script is not executable, which a copy of a repository may have lost',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The kernel starts a script by the program of its first line, and there is none of that name: images of Alpine have no bash, and with the line ends of Windows the name is `/bin/sh\\r`. Docker prints `exec /app/entrypoint.sh: no such file or directory`, although the file is there. A script without the executable bit ends with `permission denied`.',
  remedy:
    'Write `#!/bin/sh`, save the script with LF, and make it executable in the Dockerfile: `RUN chmod +x`',
  references: [
    'https://docs.docker.com/reference/dockerfile/#entrypoint',
    'https://hub.docker.com/_/alpine',
    'https://git-scm.com/docs/gitattributes#_eol',
  ],
  unproven: 'The live tests start no containers: which programs an image has, no loopback shows',
  bad: [
    {
      title: 'bash on Alpine',
      files: tree(image('python:3.12-alpine'), SCRIPT.replace('/bin/sh', '«/bin/bash»')),
    },
    {
      title: 'bash by its name',
      files: tree(image('node:22-alpine'), SCRIPT.replace('/bin/sh', '/usr/bin/env «bash»')),
    },
    {
      title: 'a command that begins with bash',
      files: {
        ...tree('FROM python:3.12-alpine\nWORKDIR /app\n', SCRIPT),
        'docker-compose.yml': composeWith({
          command: '«bash» -c "python manage.py migrate && gunicorn --bind 0.0.0.0:8000 shop.wsgi"',
        }),
      },
    },
    {
      title: 'line ends of Windows',
      files: tree(image('python:3.12'), crlf(SCRIPT).replace('/bin/sh', '«/bin/sh»')),
    },
    {
      title: 'no executable bit',
      files: tree(image('python:3.12').replace('["/', '["«/').replace('.sh"]', '.sh»"]'), SCRIPT),
      modes: { 'web/entrypoint.sh': 0o644 },
    },
  ],
  good: [
    { title: 'sh on Alpine', files: tree(image('python:3.12-alpine'), SCRIPT) },
    {
      title: 'made executable by the build',
      files: tree(image('python:3.12', 'RUN chmod +x entrypoint.sh'), SCRIPT),
      modes: { 'web/entrypoint.sh': 0o644 },
    },
    {
      title: 'started by a shell',
      files: tree(image('python:3.12').replace('["', '["sh", "'), SCRIPT),
      modes: { 'web/entrypoint.sh': 0o644 },
    },
    {
      title: 'bash is installed',
      files: tree(
        image('python:3.12-alpine', 'RUN apk add --no-cache bash libpq'),
        SCRIPT.replace('sh', 'bash'),
      ),
    },
    {
      title: 'bash on Debian',
      files: tree(image('python:3.12-slim'), SCRIPT.replace('/bin/sh', '/bin/bash')),
    },
    {
      title: 'an image of somebody else',
      files: tree(image('registry.example.org/base:alpine'), SCRIPT.replace('/bin/sh', '/bin/bash')),
    },
    {
      title: 'line ends that the build takes away',
      files: tree(image('python:3.12', "RUN sed -i 's/\\r$//' /app/entrypoint.sh"), crlf(SCRIPT)),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      const [first, second] = container === null ? [] : startedWords(container)
      if (container === null || first === undefined) continue
      const steps = buildSteps(container)
      if (/^(?:\/(?:usr\/)?bin\/)?bash$/.test(first.text) && lacksBash(container, steps)) {
        yield {
          at: placeOf(first),
          message: `\`${container.reference}\` has no bash, so the container does not start: executable file not found`,
          label: 'not in the image',
          help: 'Write `sh`, or install bash in the Dockerfile: `RUN apk add --no-cache bash`',
        }
        continue
      }
      const isShell = /^(?:\/(?:usr\/)?bin\/)?(?:ba|da)?sh$/.test(first.text)
      const word = isShell ? second : first
      const script = word === undefined ? null : scriptAt(container, word)
      if (word !== undefined && script !== null) yield* faultsOf(container, word, script, steps, isShell)
    }
  },
})

function* faultsOf(
  container: Container,
  word: WrittenText,
  { source, mode }: Script,
  steps: readonly string[],
  isShell: boolean,
) {
  const started = { at: placeOf(word), message: 'the container starts it here' }
  const shebang = /^#!\s*(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?[^\r\n]*/.exec(source.text)
  if (/^[^\n]*\r\n/.test(source.text) && !steps.some(step => /dos2unix|\\r|\\015|sed\b/.test(step))) {
    yield {
      at: shebang === null ? firstLine(source) : nameIn(source, shebang),
      message: isShell
        ? 'the lines end in CR LF, and the shell takes the CR for the last letter of every command'
        : 'the lines end in CR LF, and the kernel looks for a program whose name ends in CR: no such file or directory',
      label: 'CR behind it',
      related: [started],
      help: 'Save the file with LF, and write `*.sh text eol=lf` in `.gitattributes`',
    }
    return
  }
  if (isShell) return
  if (shebang !== null && /(?:^|\/)bash$/.test(nameOf(shebang)) && lacksBash(container, steps))
    yield {
      at: nameIn(source, shebang),
      message: `\`${container.reference}\` has no bash, so the script is not started: no such file or directory`,
      label: 'not in the image',
      related: [started],
      help: 'Write `#!/bin/sh`, or install bash in the Dockerfile: `RUN apk add --no-cache bash`',
    }
  else if (mode !== null && (mode & 0o111) === 0 && shebang !== null && !maySetMode(container, steps))
    yield {
      at: started.at,
      severity: 'info' as const,
      confidence: 'medium' as const,
      message: `\`${word.text}\` is not executable, and nothing in the Dockerfile makes it so: permission denied`,
      label: `mode ${(mode & 0o777).toString(8)}`,
      related: [{ at: firstLine(source), message: 'the script' }],
      help: 'Write `COPY --chmod=755`, or `RUN chmod +x` behind it',
    }
}

/** `bash` of `/usr/bin/env bash`. */
function nameOf([, program = '', name]: RegExpExecArray): string {
  return /(?:^|\/)env$/.test(program) && name !== undefined ? name : program
}

function nameIn(source: Source, shebang: RegExpExecArray): Place {
  const name = nameOf(shebang)
  const start = shebang[0].lastIndexOf(name)
  return { source, start, end: start + name.length }
}

function firstLine(source: Source): Place {
  const end = source.text.search(/\r?\n|$/)
  return { source, start: 0, end: Math.max(end, 1) }
}

/** Official images of Alpine that bring no bash, where no step of the build may install it. */
function lacksBash(container: Container, steps: readonly string[]): boolean {
  const base = container.reference
  if (base === null || !/^(?:alpine(?::|$)|(?:python|node|nginx):\S*alpine)/.test(base)) return false
  if (container.service.build !== null && container.image === null) return false
  return !steps.some(step => /\bbash\b|apk\b[^&;]*\$|\.sh\b/.test(step)) && !copiesPrograms(container)
}

function maySetMode({ image, service, mounts }: Container, steps: readonly string[]): boolean {
  if (
    image === null ||
    !service.complete ||
    mounts.some(({ path, from }) => path === null && from !== 'volumes')
  )
    return true
  return (
    steps.some(step => /chmod|(?:^|[;&|]\s*)install\s+-|dos2unix|sed\b/.test(step)) ||
    image.steps.some(step => 'sources' in step && (step.mode !== null || step.from !== null))
  )
}
