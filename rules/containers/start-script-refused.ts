import { posix } from 'node:path'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { filesBelow } from '../../src/files/file-system.ts'
import { carriageReturns, firstLine, nameIn, nameOf } from './_carriage-returns.ts'
import { directiveInTwo, namedTwice } from './_command-arguments.ts'
import { commandLost } from './_command-lost.ts'
import { commandDropped, optionsDropped, optionStarted, notFound, withoutShebang } from './_entry-points.ts'
import { composeWith, siteTo } from './_examples.ts'
import { lacksBash } from './_lacks-bash.ts'
import { fileMissing } from './_started-file.ts'
import {
  buildSteps,
  looseIn,
  type Script,
  type Started,
  scriptAt,
  startedIn,
  startedWords,
} from './_started-words.ts'

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
const optionsFor = (entrypoint: string): Record<string, string> => ({
  ...tree(
    image('python:3.12').replace(/ENTRYPOINT.*/, () => entrypoint),
    SCRIPT,
  ),
  'docker-compose.yml': composeWith({ command: '--bind 0.0.0.0:8000' }),
})
const crlf = (text: string): string => text.replaceAll('\n', '\r\n')

export default defineRule({
  summary: 'A container cannot start its script or its command, or the script not what it is given',
  severity: 'error',
  otherSeverities: {
    warning: 'where the script is not executable, and other files of the repository are',
    info: 'the same where no file is, so that a copy of the repository may have lost it',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The kernel starts a script by the program of its first line, and there is none of that name: images of Alpine have no bash, and with the line ends of Windows the name is `/bin/sh\\r`. Docker prints `exec /app/entrypoint.sh: no such file or directory`, although the file is there. A script without the executable bit ends with `permission denied`. Of `ENTRYPOINT` and `CMD` together Docker starts the first, with the second as its arguments: a script that does not end with `exec "$@"` never starts it. A command is added to the entry point of its image: that of certbot is certbot itself.',
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
      title: 'entry point and command in each other’s place',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: .
        `,
        Dockerfile: conf`
          FROM python:3.12
          WORKDIR /app
          COPY . .
          CMD ["python", "shop.py"]
          ENTRYPOINT ["«--no-browser»", "--data=/data"]
        `,
      },
    },
    {
      title: 'options for the entry point of an image, as an entry point of their own',
      files: {
        'docker-compose.yml': conf`
          services:
            db:
              image: postgres:16
              environment: { POSTGRES_PASSWORD: a }
              entrypoint: ["«-c»", max_connections=200]
        `,
      },
    },
    {
      title: 'a script that does not say which program reads it',
      files: tree(
        image('python:3.12-slim')
          .replace('"/app/entrypoint.sh"', '«"/app/entrypoint.sh"»')
          .replace('«"', '"«')
          .replace('"»', '»"'),
        conf`
          set -e
          python manage.py migrate
          exec "$@"
        `,
      ),
    },
    {
      title: 'arguments for a program in a line for a shell',
      files: optionsFor('ENTRYPOINT «gunicorn shop.wsgi»'),
    },
    {
      title: 'an entry point for a shell, with a command that is lost',
      files: {
        ...tree(
          conf`
            FROM python:3.12-slim
            WORKDIR /app
            COPY . .
            ENTRYPOINT «/app/entrypoint.sh»
            CMD ["gunicorn", "shop.wsgi"]
          `,
          SCRIPT,
        ),
      },
    },
    {
      title: 'a script at another place',
      files: tree(image('python:3.12-slim').replace('"/app/entrypoint.sh"', '"«/entrypoint.sh»"'), SCRIPT),
    },
    {
      title: 'a script that is looked for in PATH',
      files: tree(image('python:3.12-slim').replace('"/app/entrypoint.sh"', '"«entrypoint.sh»"'), SCRIPT),
    },
    {
      title: 'a script of Node.js in another directory',
      files: {
        ...tree(
          conf`
            FROM node:22-slim
            WORKDIR /app
            COPY package.json ./
            RUN npm ci --omit=dev
            COPY . .
            CMD ["node", "«index.js»"]
          `,
          SCRIPT,
        ),
        'docker-compose.yml': composeWith().replace(/^ +command:.*\n/m, ''),
        'web/package.json': '{ "dependencies": { "express": "5" } }\n',
        'web/src/index.js': 'require("express")().listen(8000)\n',
      },
    },
    {
      title: 'TypeScript that no step compiles',
      files: {
        ...tree('FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\n', SCRIPT),
        'docker-compose.yml': composeWith({ command: 'node «server.js»' }),
        'web/server.ts': 'import http from "http"\nhttp.createServer().listen(8000)\n',
      },
    },
    {
      title: 'a script of Python by another name',
      files: {
        ...tree('FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install flask\n', SCRIPT),
        'docker-compose.yml': composeWith({ command: 'python -u «serve.py»' }),
        'web/server.py': 'import flask\n',
      },
    },
    {
      title: 'a directive for nginx without quotes',
      files: {
        'docker-compose.yml': composeWith({ nginx: 'command: nginx -g daemon «off»;' }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a directive for nginx without its semicolon',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/conf.d/default.conf
          CMD ["nginx", "-g", "«daemon off»"]
        `,
        'site.conf': siteTo('127.0.0.1:8000'),
      },
    },
    {
      title: 'an entry point that prepares nginx and does not start it',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/conf.d/default.conf
          COPY start.sh /start.sh
          ENTRYPOINT ["/start.sh"]
          CMD ["nginx", "-g", "daemon off;"]
        `,
        'site.conf': siteTo('127.0.0.1:8000'),
        'start.sh': conf`
          #!/bin/sh
          «openssl dhparam -out /etc/nginx/dhparam.pem 2048»
        `,
      },
    },
    {
      title: 'bash on Alpine',
      files: tree(image('python:3.12-alpine'), SCRIPT.replace('/bin/sh', '«/bin/bash»')),
    },
    {
      title: 'bash on Alpine, where a step makes the script executable',
      files: tree(
        image('python:3.12-alpine', 'RUN chmod +x /app/entrypoint.sh'),
        SCRIPT.replace('/bin/sh', '«/bin/bash»'),
      ),
    },
    ...['golang:1.23-alpine3.20', 'php:8.3-fpm-alpine', 'openjdk:8-jdk-alpine', 'redis:7-alpine'].map(
      base => ({
        title: `bash in \`${base}\``,
        files: tree(image(base), SCRIPT.replace('/bin/sh', '«/bin/bash»')),
      }),
    ),
    {
      title: 'bash in an image of Ruby whose release is an argument, and which a last stage begins with',
      files: tree(
        conf`
          ARG RUBY_VERSION=3.3
          FROM ruby:\${RUBY_VERSION}-alpine AS base
          RUN apk add --no-cache curl libpq tzdata
          FROM base AS build
          RUN apk add --no-cache build-base git libpq-dev
          COPY . /app
          FROM base
          WORKDIR /app
          COPY --from=build /usr/local/bundle /usr/local/bundle
          COPY --from=build /app /app
          COPY entrypoint.sh /app/
          ENTRYPOINT ["/app/entrypoint.sh"]
        `,
        SCRIPT.replace('/bin/sh', '«/bin/bash»'),
      ),
    },
    {
      title: 'bash by its name',
      files: tree(image('node:22-alpine'), SCRIPT.replace('/bin/sh', '/usr/bin/env «bash»')),
    },
    {
      title: 'bash on Alpine, which goes with the packages of the build',
      files: tree(
        image(
          'python:3.12-alpine',
          'RUN apk add --no-cache --virtual .build-deps gcc libtool && pip install uwsgi && apk del .build-deps',
        ),
        SCRIPT.replace('/bin/sh', '«/bin/bash»'),
      ),
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
      title: 'line ends of Windows in a script that is looked for in PATH, and in one that it is to start',
      files: {
        'docker-compose.yml': composeWith({ command: './run.sh' }),
        'nginx/site.conf': siteTo('web:8000'),
        'web/Dockerfile': conf`
          FROM python:3.12
          WORKDIR /app
          COPY run.sh ./
          COPY docker/entrypoint.sh /usr/local/bin/app-entrypoint
          ENTRYPOINT ["tini", "--", "app-entrypoint"]
        `,
        'web/docker/entrypoint.sh': crlf(SCRIPT).replace('/bin/sh', '/usr/bin/env «sh»'),
        'web/run.sh': crlf(SCRIPT).replace('/bin/sh', '«/bin/bash»'),
      },
    },
    {
      title: 'line ends of Windows in scripts that a shell starts, and in one of a volume',
      files: {
        ...tree(
          conf`
            FROM python:3.12
            WORKDIR /app
            COPY . .
            RUN apt-get update && ./install.sh
          `,
          crlf(SCRIPT).replace('/bin/sh', '«/bin/sh»'),
        ),
        'docker-compose.yml': composeWith({ command: 'sh -c "sleep 5 && exec ./entrypoint.sh web"' }),
        'web/install.sh': crlf(SCRIPT).replace('/bin/sh', '«/bin/sh»'),
      },
    },
    {
      title: 'a script that never starts the command',
      files: tree(
        `${image('python:3.12')}CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]\n`,
        conf`
          #!/bin/sh
          set -e
          until pg_isready -h db; do sleep 1; done
          python manage.py migrate --noinput
          «python manage.py collectstatic --noinput»
        `,
      ),
    },
    {
      title: 'no executable bit',
      files: tree(image('python:3.12').replace('["/', '["«/').replace('.sh"]', '.sh»"]'), SCRIPT),
      modes: { 'web/entrypoint.sh': 0o644 },
    },
    {
      title: 'no executable bit, where another file has it',
      files: {
        ...tree(image('python:3.12').replace('["/', '["«/').replace('.sh"]', '.sh»"]'), SCRIPT),
        'web/manage.py': '#!/usr/bin/env python\n',
      },
      modes: { 'web/entrypoint.sh': 0o644, 'web/manage.py': 0o755 },
    },
    {
      title: 'a program that the entry point is already',
      files: {
        'docker-compose.yml': composeWith({
          more: conf`
              certbot:
                image: certbot/certbot:v2.11.0
                command: «certbot» certonly --webroot -w /var/www/certbot -d example.org
            volumes:
              unused:
          `,
        }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
  ],
  good: [
    {
      title: 'options for the entry point of an image, and of an own one',
      files: {
        'docker-compose.yml': conf`
          services:
            db:
              image: postgres:16
              environment: { POSTGRES_PASSWORD: a }
              command: ["-c", max_connections=200]
            web:
              build: .
        `,
        Dockerfile: conf`
          FROM python:3.12
          WORKDIR /app
          COPY . .
          ENTRYPOINT ["python", "shop.py"]
          CMD ["--no-browser", "--data=/data"]
        `,
      },
    },
    {
      title: 'a script without a first line that a shell reads',
      files: tree(
        image('python:3.12-slim').replace('["/app/entrypoint.sh"]', '["sh", "/app/entrypoint.sh"]'),
        'exec "$@"\n',
      ),
    },
    {
      title: 'an entry point for a shell that has a command of its own',
      files: tree(
        image('python:3.12-slim').replace('["/app/entrypoint.sh"]', '/app/entrypoint.sh'),
        conf`
          #!/bin/sh
          [ $# -gt 0 ] || set -- gunicorn shop.wsgi
          exec "$@"
        `,
      ),
    },
    {
      title: 'a script that a step puts there, and one in a directory of PATH',
      files: {
        ...tree(
          image('python:3.12-slim', 'RUN cp /app/entrypoint.sh /start.sh').replace(
            '/app/entry',
            '/start.sh", "/app/entry',
          ),
          SCRIPT,
        ),
        'worker/Dockerfile': conf`
          FROM python:3.12-slim
          COPY entrypoint.sh /usr/local/bin/
          RUN chmod +x /usr/local/bin/entrypoint.sh
          ENTRYPOINT ["entrypoint.sh"]
        `,
        'worker/entrypoint.sh': SCRIPT,
      },
    },
    {
      title: 'several directives for nginx',
      files: {
        'docker-compose.yml': composeWith({
          nginx: 'command: ["nginx", "-g", "pid /tmp/pid; daemon off; "]',
        }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a directive for nginx as one argument',
      files: {
        'docker-compose.yml': composeWith({ nginx: 'command: ["nginx", "-g", "daemon off;"]' }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a script that starts a server itself',
      files: tree(
        `${image('python:3.12')}CMD ["gunicorn", "shop.wsgi"]\n`,
        conf`
          #!/bin/sh
          python manage.py migrate
          gunicorn --bind 0.0.0.0:8000 shop.wsgi
        `,
      ),
    },
    {
      title: 'a script for a container that only prepares',
      files: {
        ...tree(
          image('python:3.12'),
          conf`
          #!/bin/sh
          python manage.py migrate
        `,
        ),
        'docker-compose.yml': composeWith().replace(/^ *command:.*\n/m, ''),
      },
    },
    {
      title: 'an entry point that is replaced',
      files: {
        'docker-compose.yml': composeWith({
          more: conf`
              certbot:
                image: certbot/certbot
                entrypoint: ["certbot", "renew"]
            volumes:
              unused:
          `,
        }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a script that a build makes',
      files: {
        ...tree('FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n', SCRIPT),
        'docker-compose.yml': composeWith({ command: 'node server.js' }),
        'web/server.ts': 'import http from "http"\n',
      },
    },
    {
      title: 'a script of a directory that is built before the image',
      files: {
        ...tree('FROM node:22-slim\nWORKDIR /app\nCOPY . .\n', SCRIPT),
        'docker-compose.yml': composeWith({ command: 'node dist/server.js' }),
        'web/src/server.js': 'require("http")\n',
      },
    },
    {
      title: 'a script that git leaves alone',
      files: {
        ...tree('FROM node:22-slim\nWORKDIR /app\nCOPY . .\n', SCRIPT),
        'docker-compose.yml': composeWith({ command: 'node server.js' }),
        'web/server.ts': 'import http from "http"\n',
        'web/.gitignore': 'server.js\n',
      },
    },
    {
      title: 'a script that an installation makes',
      files: {
        ...tree('FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\n', SCRIPT),
        'docker-compose.yml': composeWith({ command: 'node server.js' }),
        'web/server.ts': 'import http from "http"\n',
        'web/package.json': '{ "scripts": { "postinstall": "tsc" } }\n',
      },
    },
    {
      title: 'a script of another stage, and one of a volume',
      files: {
        ...tree(
          conf`
            FROM node:22 AS build
            WORKDIR /src
            COPY . .
            RUN npx tsc
            FROM node:22-slim
            WORKDIR /app
            COPY --from=build /src/ ./
          `,
          SCRIPT,
        ),
        'docker-compose.yml': composeWith({ command: 'node server.js' }),
        'web/server.ts': 'import http from "http"\n',
      },
    },
    {
      title: 'bash on Alpine, which a package that is installed needs',
      files: tree(
        image(
          'python:3.12-alpine',
          'RUN apk add --no-cache --virtual .build-deps gcc autoconf libtool && pip install uwsgi',
        ),
        SCRIPT.replace('/bin/sh', '/bin/bash'),
      ),
    },
    ...['postgres:16-alpine', 'eclipse-temurin:21-jre-alpine', 'wordpress:6-fpm-alpine'].map(base => ({
      title: `bash of \`${base}\``,
      files: tree(image(base), SCRIPT.replace('sh', 'bash')),
    })),
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
      title: 'a package of another repository, which may bring bash',
      files: tree(
        image(
          'python:3.12-alpine',
          'RUN printf "https://packages.example.org/alpine/v3.22/main\\n" >> /etc/apk/repositories && apk add shop-tools',
        ),
        SCRIPT.replace('sh', 'bash'),
      ),
    },
    {
      title: 'bash is installed',
      files: tree(
        image('python:3.12-alpine', 'RUN apk add --no-cache bash libpq'),
        SCRIPT.replace('sh', 'bash'),
      ),
    },
    {
      title: 'what libraries are built with, and may need bash themselves',
      files: tree(
        image('python:3.12-alpine', 'RUN apk add --no-cache xmlsec-dev'),
        SCRIPT.replace('sh', 'bash'),
      ),
    },
    {
      title: 'a script of a directory above the Dockerfile, which is built from there',
      files: {
        'docker-compose.yml': composeWith(),
        'nginx/site.conf': siteTo('web.example.net:8000'),
        'packaging/debian/Dockerfile': conf`
          FROM golang:1.25
          COPY . /src
          CMD ["/src/packaging/debian/build.sh"]
        `,
        'packaging/debian/build.sh': SCRIPT,
      },
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
      title: 'line ends that git writes otherwise',
      files: {
        ...tree(image('python:3.12'), crlf(SCRIPT)),
        '.gitattributes': conf`
          * text=auto
          *.sh text eol=lf
        `,
      },
    },
    {
      title: 'line ends of what Python reads',
      files: {
        ...tree('FROM python:3.12\nWORKDIR /app\nCOPY . .\n', SCRIPT),
        'docker-compose.yml': composeWith({ command: 'python ./serve.py' }),
        'web/serve.py': '#!/usr/bin/env python3\r\nimport http.server\r\n',
      },
    },
    {
      title: 'a line for a shell that takes its arguments',
      files: optionsFor('ENTRYPOINT gunicorn shop.wsgi "$0" "$@"'),
    },
    {
      title: 'options for a program in a list',
      files: optionsFor('ENTRYPOINT ["gunicorn", "shop.wsgi"]'),
    },
    {
      title: 'line ends that the build takes away',
      files: tree(image('python:3.12', "RUN sed -i 's/\\r$//' /app/entrypoint.sh"), crlf(SCRIPT)),
    },
  ],
  *check(deployment) {
    for (const container of [...startedIn(deployment), ...looseIn(deployment)]) {
      yield* namedTwice(container)
      const words = startedWords(container)
      yield* directiveInTwo(words)
      const steps = buildSteps(container)
      yield* carriageReturns(container, steps)
      const [first, second] = words
      if (first === undefined) continue
      const option = optionStarted(container, first)
      if (option !== null) {
        yield option
        continue
      }
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
      yield* commandDropped(container)
      yield* optionsDropped(container)
      const nowhere = isShell
        ? null
        : (notFound(container, first, steps) ?? fileMissing(container, words, steps))
      if (nowhere !== null) {
        yield nowhere
        continue
      }
      const script = word === undefined ? null : scriptAt(container, word)
      if (word !== undefined && script !== null) yield* commandLost(container, word, script)
      if (word !== undefined && script !== null) yield* faultsOf(container, word, script, steps, isShell)
    }
  },
})

function* faultsOf(
  container: Started,
  word: WrittenText,
  { source, mode }: Script,
  steps: readonly string[],
  isShell: boolean,
) {
  const started = { at: placeOf(word), message: 'the container starts it here' }
  const shebang = /^#!\s*(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?[^\r\n]*/.exec(source.text)
  // Its line ends are told of by themselves.
  if (isShell || /^[^\n]*\r\n/.test(source.text)) return
  if (shebang === null) yield* withoutShebang(container, word, source, steps)
  if (shebang !== null && /(?:^|\/)bash$/.test(nameOf(shebang)) && lacksBash(container, steps))
    yield {
      at: nameIn(source, shebang),
      message: `\`${container.reference}\` has no bash, so the script is not started: no such file or directory`,
      label: 'not in the image',
      related: [started],
      help: 'Write `#!/bin/sh`, or install bash in the Dockerfile: `RUN apk add --no-cache bash`',
    }
  else if (
    mode !== null &&
    (mode & 0o111) === 0 &&
    shebang !== null &&
    container.fault === null &&
    !maySetMode(container, steps)
  )
    yield {
      at: started.at,
      ...(keepsModes(container)
        ? { severity: 'warning' as const }
        : { severity: 'info' as const, confidence: 'medium' as const }),
      message: `\`${word.text}\` is not executable, and nothing in the Dockerfile makes it so: permission denied`,
      label: `mode ${(mode & 0o777).toString(8)}`,
      related: [{ at: firstLine(source), message: 'the script' }],
      help: 'Write `COPY --chmod=755`, or `RUN chmod +x` behind it',
    }
}

function maySetMode({ image, service, mounts }: Started, steps: readonly string[]): boolean {
  if (
    image === null ||
    service?.complete === false ||
    mounts.some(({ path, from }) => path === null && from !== 'volumes')
  )
    return true
  return (
    steps.some(step => /chmod|(?:^|[;&|]\s*)install\s+-|dos2unix|sed\b/.test(step)) ||
    image.steps.some(step => 'sources' in step && (step.mode !== null || step.from !== null))
  )
}

const IN_CONTEXT = { levels: 2, skipped: /^(?:node_modules|vendor|\.git|\.?v?env)$/ }
const MOST_FILES = 500

/** True where another file that the image copies is executable: this repository has its modes, as git keeps them. */
function keepsModes({ mounts, hostFiles }: Started): boolean {
  const homes = mounts.flatMap(({ path, from }) =>
    path === null || from !== 'COPY'
      ? []
      : [hostFiles.kind(path) === 'directory' ? path : posix.dirname(path)],
  )
  for (const home of new Set(homes)) {
    let left = MOST_FILES
    for (const path of filesBelow(hostFiles, home, IN_CONTEXT)) {
      if (((hostFiles.mode(path) ?? 0) & 0o111) !== 0) return true
      if (--left === 0) break
    }
  }
  return false
}
