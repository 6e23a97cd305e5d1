import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DockerCommand } from '../../../parsers/dockerfile/dockerfile.ts'
import { imageOfStage } from '../../../parsers/dockerfile/image-of-stage.ts'
import { readDockerfile } from '../../../parsers/dockerfile/read-dockerfile.ts'
import { type Fact, known } from '../../../parsers/text/fact.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { checkPlaces } from '../check-places.ts'

function read(text: string, args: Readonly<Record<string, string>> = {}) {
  const given = new Map(Object.entries(args).map(([name, value]) => [name, known(value)]))
  return readDockerfile(textSource('/Dockerfile', text), { args: given })
}

/** The only stage of a file that begins with `FROM x`. */
function stage(text: string) {
  return read(`FROM x\n${text}\n`).stages[0]!
}

function value<T>(fact: Fact<T> | null): T | '?' | null {
  return fact === null ? null : fact.known ? fact.value : '?'
}

function written(command: DockerCommand | null): unknown {
  if (command === null) return null
  return command.form === 'exec' ? command.words.map(({ text }) => text) : command.script.text
}

test('stages, their names and what they build on', () => {
  const { stages } = read(
    'ARG V=1.22\nARG W\nFROM --platform=$P nginx:${V}-alpine AS Base\nfrom base as two\nFROM scratch\nFROM x:$W\n',
  )
  assert.equal(
    stages.map(({ name, image, base }) => [name, value(image), base]),
    [
      ['base', 'nginx:1.22-alpine', null],
      ['two', 'nginx:1.22-alpine', null],
      [null, 'scratch', null],
      [null, '?', null],
    ],
  )
  assert.is(placeText(stages[0]!.image.at!), 'nginx:${V}-alpine')
  assert.is(placeText(stages[1]!.at), 'from')
  assert.is(value(read('ARG V=1\nFROM nginx:$V', { V: '2' }).stages[0]!.image), 'nginx:2')
})

test('COPY and ADD: flags, several sources, JSON, stages, here-documents', () => {
  const { stages } = read(`FROM node AS build
FROM nginx
WORKDIR /srv
COPY nginx.conf /etc/nginx/nginx.conf
COPY --from=build --chown=www-data:www-data --chmod=755 /app/dist/ ./html
COPY --from=0 /x /y/
COPY --from=alpine:3 /x /y
COPY ./a b* sub/
ADD ["a b.conf", "/etc/x/"]
ADD https://example.org/x.tgz /tmp/
COPY <<"EOF" /etc/nginx/conf.d/a.conf
server {
EOF
COPY one
`)
  const [, { copies }] = stages as [unknown, (typeof stages)[number]]
  assert.equal(
    copies.map(copy => [
      copy.kind,
      value(copy.from),
      copy.stage,
      copy.sources.map(value),
      value(copy.target),
      copy.intoDirectory,
    ]),
    [
      ['COPY', null, null, ['/nginx.conf'], '/etc/nginx/nginx.conf', false],
      ['COPY', 'build', 0, ['/app/dist/'], '/srv/html', false],
      ['COPY', '0', 0, ['/x'], '/y', true],
      ['COPY', 'alpine:3', null, ['/x'], '/y', false],
      ['COPY', null, null, ['/a', '/b*'], '/srv/sub', true],
      ['ADD', null, null, ['/a b.conf'], '/etc/x', true],
      ['ADD', null, null, ['https://example.org/x.tgz'], '/tmp', true],
      ['COPY', null, null, [], '/etc/nginx/conf.d/a.conf', false],
    ],
  )
  assert.is(value(copies[1]!.owner), 'www-data:www-data')
  assert.is(value(copies[1]!.mode), '755')
  assert.equal(
    copies[7]!.documents.map(({ name, text }) => [name, text.text]),
    [['EOF', 'server {\n']],
  )
  assert.is(placeText(copies[0]!.sources[0]!.at!), 'nginx.conf')
})

test('a relative target needs a working directory', () => {
  assert.is(value(stage('COPY a b').copies[0]!.target), '?')
  assert.is(value(stage('WORKDIR app\nCOPY a b').copies[0]!.target), '?')
  assert.is(value(read('FROM scratch\nCOPY a b').stages[0]!.copies[0]!.target), '/b')
  assert.is(value(stage('WORKDIR /a\nWORKDIR b\nCOPY . .').copies[0]!.target), '/a/b')
  const { stages } = read('FROM x AS a\nWORKDIR /app\nFROM a\nCOPY . .\n')
  assert.is(value(stages[1]!.copies[0]!.target), '/app')
})

test('commands in both forms, the last one holds', () => {
  const found = stage(`CMD ["one"]
CMD [ "gunicorn" , "-b", ":80", "say \\"x\\" \\u0041" ]
ENTRYPOINT exec gunicorn \\
  # between

  --bind "$HOST":8000 app
SHELL ["/bin/bash", "-c"]`)
  assert.equal(written(found.command), ['gunicorn', '-b', ':80', 'say "x" A'])
  assert.is(written(found.entrypoint), 'exec gunicorn   --bind "$HOST":8000 app')
  assert.equal(
    found.shell?.map(({ text }) => text),
    ['/bin/bash', '-c'],
  )
  assert.is(written(stage("CMD ['gunicorn']").command), "['gunicorn']")
  assert.is(written(stage('CMD ["a", 1]').command), '["a", 1]')
  assert.equal(written(stage('CMD []').command), [])
  const [, , word] = (found.command as Extract<DockerCommand, { form: 'exec' }>).words
  assert.is(word?.map.pieces[0]?.start, 'FROM x\nCMD ["one"]\nCMD [ "gunicorn" , "-b", "'.length)
})

test('ENV, ARG and where they are filled in', () => {
  const found = read(
    `ARG G=global
FROM x
ARG A=1
ARG G
ARG NONE
ENV B=$A C="c \${B:-d}" D='$A' E=\\$A
ENV OLD some  value
ENV B2 \${B}2
EXPOSE $A \${B}80/udp 443 \${NOBODY} 1-3
USER \${NONE:-www}
VOLUME ["/a b", "/c"]
VOLUME /d /e
`,
  ).stages[0]!
  assert.equal(
    found.environment.map(each => [each.name, value(each.value)]),
    [
      ['B', '1'],
      ['C', '?'],
      ['D', '$A'],
      ['E', '$A'],
      ['OLD', 'some  value'],
      ['B2', '12'],
    ],
  )
  assert.equal(
    found.args.map(each => [each.name, value(each.value)]),
    [
      ['A', '1'],
      ['G', 'global'],
      ['NONE', '?'],
    ],
  )
  assert.equal(
    found.exposes.map(({ port, protocol }) => [port.known ? port.value : '?', value(protocol)]),
    [
      [{ first: 1, last: 1 }, 'tcp'],
      [{ first: 180, last: 180 }, 'udp'],
      [{ first: 443, last: 443 }, 'tcp'],
      ['?', 'tcp'],
      [{ first: 1, last: 3 }, 'tcp'],
    ],
  )
  assert.is(value(found.user), 'www')
  assert.equal(found.volumes.map(value), ['/a b', '/c', '/d', '/e'])
  assert.is(placeText(found.environment[1]!.at), 'C="c ${B:-d}"')
})

test('build arguments win over defaults', () => {
  const found = read('FROM x\nARG PORT=80\nEXPOSE $PORT\n', { PORT: '81' }).stages[0]!
  assert.equal(found.exposes[0]!.port.known && found.exposes[0]!.port.value.first, 81)
})

test('comments, continuation lines, the escape directive and here-documents of RUN', () => {
  const { stages } = read(`# escape=\`
FROM x
RUN a \`
  b
RUN <<EOF
CMD no
EOF
RUN <<EOF
a
b
EOF
RUN <<-EOF
set -ex
a
b
EOF
RUN --mount=type=cache,target=/x <<EOF
#!/usr/bin/env python3
EOF
RUN <<-'X' cat <<Y && echo
	one
	X
two
Y
# CMD comment
CMD c:\\x
`)
  const [{ runs, command }] = stages as [(typeof stages)[number]]
  assert.equal(
    runs.map(run => [written(run.command), run.documents.map(({ text }) => text.text)]),
    [
      ['a   b', []],
      // All of the script, for the shell; of another interpreter nothing.
      ['CMD no\n', []],
      ['a\nb\n', ['a\nb\n']],
      ['set -ex\na\nb\n', []],
      ['<<EOF', ['#!/usr/bin/env python3\n']],
      ["<<-'X' cat <<Y && echo", ['\tone\n', 'two\n']],
    ],
  )
  assert.is(written(command), 'c:\\x')
  assert.is(read('FROM x\r\nCMD a \\\r\n  b\r\n').stages[0]!.command?.form, 'shell')
  assert.is(written(read('FROM x\r\nCMD a \\\r\n  b\r\n').stages[0]!.command), 'a   b')
})

test('ONBUILD, unknown instructions and lines before FROM are passed over', () => {
  const { stages } = read('COPY a b\nFROM x\nONBUILD COPY a /b\nCOPPY a /b\nFOO\n  LABEL a=b\n')
  assert.is(stages.length, 1)
  assert.equal(stages[0]!.copies, [])
})

test('an image has what the stages below it say, and a new entry point clears the command', () => {
  const file = read(`FROM python:3 AS base
WORKDIR /app
ENV A=1
EXPOSE 80
CMD ["base"]
COPY a /a
FROM base AS prod
RUN x
COPY b /b
USER www
ENTRYPOINT ["/e"]
FROM prod AS dev
CMD ["dev"]
`)
  const prod = imageOfStage(file, 'PROD')!
  assert.is(value(prod.base), 'python:3')
  assert.is(prod.command, null)
  assert.equal(written(prod.entrypoint), ['/e'])
  assert.is(value(prod.workingDirectory), '/app')
  assert.is(prod.steps.length, 3)
  const dev = imageOfStage(file, null)!
  assert.equal(written(dev.command), ['dev'])
  assert.is(value(dev.user), 'www')
  assert.is(imageOfStage(file, 'nobody'), null)
  assert.is(imageOfStage(file, '0')!.stage.name, 'base')
  assert.is(imageOfStage(read(''), null), null)
})

const piece = fc.constantFrom(
  ...[
    'FROM x AS a\n',
    'FROM a\n',
    'COPY ',
    'ADD ',
    'RUN ',
    'CMD ',
    'ENV ',
    'ARG ',
    'EXPOSE ',
    'WORKDIR ',
    'USER ',
  ],
  ...[
    '--from=a ',
    '--from=0 ',
    '<<EOF',
    '<<-"X"',
    'EOF\n',
    '# escape=`\n',
    '# c\n',
    '\\\n',
    '`\n',
    '\n',
    '\r\n',
    ' ',
    '\t',
  ],
  ...[
    '[',
    ']',
    '"',
    "'",
    ',',
    '$A',
    '${A',
    '${A:-',
    '}',
    ':+',
    '=',
    '\\',
    '\\u00',
    '/',
    '80/tcp',
    'é',
    '\uE000',
    '\0',
    '\ufeff',
  ],
)

test('the health check is the last that is written', () => {
  const of = (text: string): unknown => {
    const { healthcheck } = stage(text)
    return healthcheck === 'none' ? 'none' : written(healthcheck)
  }
  assert.is(of(''), null)
  assert.is(of('HEALTHCHECK NONE'), 'none')
  assert.is(
    of('HEALTHCHECK --interval=5s \\\n  CMD curl -f http://localhost/ || exit 1'),
    'curl -f http://localhost/ || exit 1',
  )
  assert.equal(of('HEALTHCHECK NONE\nhealthcheck cmd ["a", "b"]'), ['a', 'b'])
})

test('the first line that Docker refuses', () => {
  const refused = (text: string): string | null => {
    const { fault } = read(text)
    return fault === null ? null : `${fault.said} @ ${placeText(fault.at)}`
  }
  assert.is(refused('FROM x\nRUN a\n\n# c\nfrom y\n'), null)
  assert.is(refused('FROM x\nRUN a \\\n\n# c\n b\nRUN c'), null)
  assert.is(refused('FROM x\nRUN a\n b\nc\n'), 'unknown instruction: b @ b')
  assert.is(refused('FROM x\nRUN cat <<E\nb\nE\nc'), 'unknown instruction: c @ c')
  assert.is(refused('# escape=`\nFROM x\nRUN a `\n b\n'), null)
  assert.is(refused('RUN a\nFROM x'), 'no build stage in current context @ RUN')
  assert.is(refused('ARG A\nENV B=1\nFROM x'), 'no build stage in current context @ ENV')
  assert.is(refused('FROM x y'), 'FROM requires either one or three arguments @ y')
  assert.is(refused('FROM x as y z'), 'FROM requires either one or three arguments @ z')
  assert.is(refused('FROM x\nENV A'), 'ENV must have two arguments @ ENV')
  assert.is(
    refused('FROM x\nLABEL "for the shop:4.0"'),
    'unexpected end of statement while looking for matching double-quote @ LABEL',
  )
  assert.is(refused('FROM x\nENV A=1 B="2 3" C=4\\ 5'), null)
  assert.is(refused('FROM x\nLABEL A=1 b'), `can't find = in "b". Must be of the form: name=value @ b`)
  assert.is(
    refused('FROM x\nADD --chown=1 a'),
    'ADD requires at least two arguments, but only one was provided. Destination could not be determined @ ADD',
  )
  assert.is(refused('FROM x\nEXPOSE 80 90-91/udp $P [::1]:80:80'), null)
  assert.is(refused('FROM x\nEXPOSE 80,443'), 'invalid containerPort: 80,443 @ 80,443')
  assert.is(refused('FROM x\nHEALTHCHECK --timeout=0 CMD a'), null)
  assert.is(refused('FROM x\nHEALTHCHECK curl'), 'unknown type "CURL" in HEALTHCHECK (try CMD) @ curl')
  assert.is(refused('FROM x\nSHELL bash'), 'SHELL requires the arguments to be in JSON form @ SHELL')
  assert.is(refused('FROM x\n{{ y }}\nz'), null)
})

test('never throws, and places lie inside', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      const file = read(`FROM x\n${pieces.join('')}`)
      checkPlaces(file)
      for (let index = 0; index < file.stages.length; index++) imageOfStage(file, String(index))
    }),
    { seed: 20_250_305, numRuns: 2000 },
  )
})

test('long and deep ones end soon', () => {
  const start = performance.now()
  for (const text of [
    `FROM x\n${'RUN a\n'.repeat(50_000)}`,
    `FROM x\nRUN a${' \\\n b'.repeat(50_000)}`,
    Array.from({ length: 20_000 }, (_, n) => `FROM s${n - 1} AS s${n}\nENV A=1\n`).join(''),
    `FROM x\nENV ${'A=${A:-'.repeat(20_000)}`,
    `FROM x\nENV A=${'${'.repeat(20_000)}${'}'.repeat(20_000)}`,
    `FROM x\nCMD [${'"a",'.repeat(50_000)}"b"]`,
    `FROM x\nCOPY ${'<<a '.repeat(20_000)}/x\n${'b\n'.repeat(20_000)}`,
    `FROM x\n${'COPY <<a /b\n'.repeat(20_000)}`,
  ])
    checkPlaces(read(text))
  assert.ok(performance.now() - start < 10_000, `${performance.now() - start} ms`)
})

test.run()
