import { imageOfStage } from '../../parsers/dockerfile/image-of-stage.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../../parsers/text/written-text.ts'
import { imageReference } from '../../src/deployment/containers/read-containers.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import type { ShellFault } from './_shell-fault.ts'
import { PIPEFAIL, type Shell, shellFaults } from './_shell-faults.ts'
import { builtFiles } from './_stages.ts'
import { buildSteps, looseIn, scriptAt, type Started, startedIn, startedWords } from './_started-words.ts'

const tree = (base: string, script: string, more = ''): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web.example.net:8000'),
  'web/Dockerfile': conf`
    FROM ${base}
    WORKDIR /app
    COPY . .
    ${more}
    ENTRYPOINT ["/app/entrypoint.sh"]
  `,
  'web/entrypoint.sh': script,
})
const script = (lines: string, shebang = '#!/bin/sh'): string => conf`
  ${shebang}
  ${lines}
  exec "$@"
`
const onDebian = (lines: string): Record<string, string> => tree('python:3.12-slim', script(lines))

export default defineRule({
  summary: 'The shell of a container does not take a line of the script that starts it',
  severity: 'warning',
  otherSeverities: { error: 'where the shell ends at the line, and the container with it' },
  confidence: 'high',
  since: '0.1.0',
  why: '`/bin/sh` of Debian is dash, and that of Alpine is BusyBox. At an array, `<<<`, `set -o pipefail` or `${NAME//a/b}` dash ends, and the container with it: `Syntax error: "(" unexpected`, `Bad substitution` (that of Debian 13 knows `pipefail`). Of `[[` and `source` it says `not found` and goes on: the condition is false, the file is not read. The same holds of `[` without its `]`, in every shell.',
  remedy:
    'Begin the script with `#!/bin/bash`, where the image has it, or write what POSIX has: `[ … = … ]`, `.`',
  references: [
    'https://manpages.debian.org/bookworm/dash/dash.1.en.html',
    'https://wiki.ubuntu.com/DashAsBinSh',
    'https://pubs.opengroup.org/onlinepubs/9799919799/utilities/test.html',
  ],
  unproven: 'The live tests start no containers; `dash -c` says the same of each line',
  bad: [
    {
      title: 'pipefail on Debian 12',
      files: tree('python:3.12-slim-bookworm', script('«set -eo pipefail»')),
    },
    {
      title: 'the condition of bash',
      files: onDebian('if «[[» -n "$MIGRATE" ]]; then python manage.py migrate; fi'),
    },
    {
      title: 'a command behind the end of another',
      files: onDebian('if [ -n "$MIGRATE" ]; then python manage.py migrate; fi «gunicorn» shop.wsgi'),
    },
    { title: 'a file of variables', files: onDebian('«source» /app/.env') },
    {
      title: 'an array',
      files: onDebian(conf`
        options=«(»--workers 3)
        set -- gunicorn "\${options}"
      `),
    },
    { title: 'a here-string', files: onDebian('python manage.py shell «<<<» "print(1)"') },
    { title: 'a part of a variable replaced', files: onDebian('export HOSTS="«${ALLOWED_HOSTS//,/ }»"') },
    { title: 'a variable by its name', files: onDebian('echo "«${!NAME}»"') },
    {
      title: 'a function of bash',
      files: onDebian('«function» migrate() {\n  python manage.py migrate\n}\nmigrate'),
    },
    {
      title: 'two equals signs',
      files: onDebian('if [ "$1" «==» "web" ]; then python manage.py migrate; fi'),
    },
    { title: 'a bracket that is missing', files: onDebian('if «[» -f /app/ready; then echo ready; fi') },
    {
      title: 'a bracket without its blank, for bash as well',
      files: tree('python:3.12-slim', script('if [ -n "$MIGRATE"«]»; then echo migrate; fi', '#!/bin/bash')),
    },
    { title: 'a bracket that begins a word', files: onDebian('if «[-f» /app/ready ]; then echo ready; fi') },
    { title: 'an array on Alpine', files: tree('python:3.12-alpine', script('options=«(»--workers 3)')) },
    {
      title: 'a command that Docker gives to the shell',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: ./web
        `,
        'web/Dockerfile': conf`
          FROM python:3.12
          WORKDIR /app
          COPY . .
          CMD «source» venv/bin/activate && gunicorn --bind 0.0.0.0:8000 shop.wsgi
        `,
        'nginx/site.conf': siteTo('web.example.net:8000'),
      },
    },
    {
      title: 'an instruction that a backslash above takes for a part of the command',
      files: tree(
        'python:3.12-slim',
        script(''),
        conf`
          RUN pip install gunicorn && \

              # the application
              «COPY» requirements.txt .
        `,
      ),
    },
    {
      title: 'two operators',
      files: tree(
        'python:3.12-slim',
        script(''),
        conf`
          RUN apt-get update && \
              «&&» apt-get install -y libpq5
        `,
      ),
    },
    {
      title: 'slips in what installs something',
      files: tree(
        'python:3.12-slim',
        script(''),
        conf`
          RUN «aapt-get» update && apt-get install -y «--no-install-recommend» libpq5
          RUN pip3 «intall» -U pip
        `,
      ),
    },
    {
      title: 'the program of another distribution',
      files: tree('python:3.12-alpine', script(''), 'RUN «apt-get» update && apt-get install -y libpq5'),
    },
    {
      title: 'the program of Alpine on Debian',
      files: tree('python:3.12-slim', script(''), 'RUN «apk» add --no-cache libpq'),
    },
    {
      title: 'an operator at the end',
      files: tree('python:3.12-slim', script(''), 'RUN pip install gunicorn «&&»'),
    },
    {
      title: 'an instruction of a Dockerfile in a script',
      files: onDebian('«RUN» chown -R www-data /app/media'),
    },
    {
      title: 'a command in the brackets of bash',
      files: tree(
        'python:3.12-slim',
        script('if [[ «compgen -G» "/app/new/*" ]]; then echo new; fi', '#!/bin/bash'),
      ),
    },
    {
      title: 'a command in brackets',
      files: onDebian('if [ «command -v» gunicorn ]; then echo there; fi'),
    },
    {
      title: 'a bracket too many',
      files: tree('python:3.12-slim', script('if «[[[» $1 == BACKUP=* ]]]; then echo; fi', '#!/bin/bash')),
    },
    {
      title: 'a Dockerfile that no compose file builds',
      files: {
        'docker-compose.yml': composeWith(),
        'nginx/site.conf': siteTo('web.example.net:8000'),
        'web/Dockerfile': 'FROM python:3.12\n',
        'worker/Dockerfile': conf`
          FROM registry.example.org/shop:1
          RUN apt-get update && «&&» apt-get install -y libpq5
        `,
      },
    },
    {
      title: 'a step of the build',
      files: tree('python:3.12-slim', script(''), 'RUN if «[[» -n "$DEBUG" ]]; then pip install pudb; fi'),
    },
    {
      title: 'a command that is taken for a package',
      files: tree(
        'python:3.12-slim',
        script(''),
        conf`
          RUN apt-get update && apt-get install -y libpq5 \
              «rm» -rf /var/lib/apt/lists/*
        `,
      ),
    },
    {
      title: 'a package that is taken for a command',
      files: tree(
        'python:3.12-alpine',
        script(''),
        conf`
          RUN apk add --no-cache git && \
              «tzdata» && \
              touch /app/ready
        `,
      ),
    },
    {
      title: 'an expression of sed with paths',
      files: tree(
        'python:3.12-slim',
        script(''),
        'RUN sed -i "«s/env python/env python -c /srv/shop.ini/g»" /app/manage.py',
      ),
    },
    {
      title: 'a sign that redirects',
      files: tree('python:3.12-slim', script(''), 'RUN if [ 3.12.1 «>» 3.11 ]; then touch /app/new; fi'),
    },
    {
      title: 'a step of another stage',
      files: tree(
        'node:22-alpine AS assets',
        script(''),
        conf`
          RUN sed -i '«s/a/b/c/»' package.json

          FROM python:3.12-slim
          COPY --from=assets /app /app
        `,
      ),
    },
    {
      title: 'an address with two parameters',
      files: tree(
        'python:3.12-slim',
        script(''),
        'RUN wget -O shop.zip https://example.org/get.php?version=latest«&»channel=stable',
      ),
    },
    {
      title: 'a script of bash that sh is given',
      files: {
        ...tree('node:22', script('if «[[» -n "$MIGRATE" ]]; then npm run migrate; fi', '#!/bin/bash')),
        'web/Dockerfile': conf`
          FROM node:22
          WORKDIR /app
          COPY . .
          ENTRYPOINT ["sh", "/app/entrypoint.sh"]
        `,
      },
    },
  ],
  good: [
    {
      title: 'pipefail on Debian 13, and on an image that may stand on it',
      files: {
        'trixie.dockerfile': 'FROM debian:trixie-slim\nRUN set -eu -o pipefail; cat /etc/hosts | sort\n',
        'newest.dockerfile': 'FROM python:3.14-slim\nRUN set -eu -o pipefail; cat /etc/hosts | sort\n',
      },
    },
    {
      title: 'what may stand behind the end of a command',
      files: onDebian(conf`
        for each in a b; do echo "$each done now"; done > /tmp/list
        if [ -f /tmp/list ]; then while read each; do echo "$each"; done < /tmp/list; fi 2>/dev/null
        if true; then { echo a; } fi; echo fi b
        case "$1" in a) echo done ;; esac && exec gunicorn shop.wsgi
      `),
    },
    {
      title: 'a list of packages that a program fills in',
      files: {
        Dockerfile: conf`
          FROM php:8.3
          RUN apt-get update && apt-get install -y \\
            <?php echo join(' ', $packages) ?>

          RUN docker-php-ext-configure \\
            gd --with-freetype
        `,
      },
    },
    {
      title: 'lists of packages and expressions of sed',
      files: tree(
        'python:3.12-slim',
        script(conf`
          sed -i "s|env python|/usr/bin/env python|g" /app/manage.py
          sed -i 's/a/b/2g' x; sed 's/[/]/-/' y; sed "s/a/$(cat /app/b)/" z
          sed -i "s/<title>Shop<\\/title>/<title>$TITLE<\\/title>/g" index.html
        `),
        conf`
          RUN apt-get update && apt-get install -y curl -qq wget adduser cp-utils && rm -rf /var/lib/apt/lists/*
          RUN apt-get install -y git && git --version && curl --version
        `,
      ),
    },
    {
      title: 'what POSIX has',
      files: onDebian(conf`
        set -eu
        . /app/.env
        # if [[ a == b ]]; then source x; fi
        if [ "$1" = "web" ] && [ ! -f /app/ready ]; then
          python manage.py shell << 'EOF'
        if [[ x == y ]]: a=(1, 2)
        EOF
        fi
        if [ -n "$A" -a \
             -n "$B" ]; then echo "[[ $A == $B ]] \${A:-/b} \${A%/*} \${A#*//}"; fi
        case "$1" in
          [yY]*) echo '\${A//a/b}' ;;
        esac
        curl "https://example.org/?a=1&b=2" & curl https://example.org/?a=1&
        [ "$A" \\> "$B" ] || [ -f /app/ready ] > /dev/null || [ $(id -u 2> /dev/null) = 0 ] || true
        [ "$(python -c 'print("""
          ]""")')" = 1 ] || echo "source of"
      `),
    },
    {
      title: 'bash',
      files: tree(
        'python:3.12-slim',
        script(
          conf`
            set -euo pipefail
            options=(--workers 3)
            if [[ "$1" == web ]]; then source .env; fi
          `,
          '#!/usr/bin/env bash',
        ),
      ),
    },
    {
      title: 'operators that follow nothing but a command',
      files: tree(
        'python:3.12-slim',
        script(
          conf`
          RUN() { echo "$1"; }
          RUN && echo done ||
            true
          RUN made
          case "$1" in web) true ;; esac
          if [ "$1" = command -a -n "$2" ]; then echo "a && && b"; fi
          # RUN && &&
          if command -v gunicorn; then true; fi
          if [[ test -nt entrypoint.sh || -n $1 &&
            -n $2 ]]; then true; fi
        `,
          '#!/bin/bash',
        ),
        conf`
          RUN echo "&& &&" && \
              # COPY of the sources
              true
        `,
      ),
    },
    {
      title: 'the name of an image that another file of the repository gives another meaning',
      files: {
        'docker-compose.yml': composeWith(),
        'nginx/site.conf': siteTo('web.example.net:8000'),
        'web/Dockerfile': 'FROM python:3.12\n',
        'shop/Dockerfile': conf`
          FROM nginx AS download
          RUN apk add php83-pdo_sqlite
        `,
      },
    },
    {
      title: 'what BusyBox knows',
      files: tree(
        'nginx:1.27-alpine',
        script(conf`
          set -eo pipefail
          source /app/.env
          if [[ "$1" == web ]]; then echo "\${A//,/ }"; fi
        `),
      ),
    },
    {
      title: 'a script that asks for its shell',
      files: onDebian(conf`
        if [ -z "$BASH_VERSION" ]; then exec bash "$0" "$@"; fi
        if [[ -n "$MIGRATE" ]]; then source /app/.env; fi
      `),
    },
    {
      title: 'an image whose sh is bash',
      files: tree(
        'debian:bookworm',
        script('if [[ -n "$MIGRATE" ]]; then echo migrate; fi'),
        'RUN ln -sf /bin/bash /bin/sh',
      ),
    },
    {
      title: 'an image of Alpine that does not say so',
      files: tree('wordpress:cli', script('set -eo pipefail')),
    },
    { title: 'an image of somebody else', files: tree('example.org/base:1', script('source /app/.env')) },
    {
      title: 'a shell that the Dockerfile names',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: ./web
        `,
        'web/Dockerfile': conf`
          FROM python:3.12
          SHELL ["/bin/bash", "-c"]
          CMD source venv/bin/activate && gunicorn --bind 0.0.0.0:8000 shop.wsgi
        `,
        'nginx/site.conf': siteTo('web.example.net:8000'),
      },
    },
  ],
  *check(deployment) {
    for (const stage of stagesIn(deployment)) {
      const kind = shellOf(stage)
      if (kind === null) continue
      for (const { text, shell, place } of stepsOf(stage, kind))
        for (const fault of faultsIn(text, shell, stage.reference))
          yield ofStep(fault, shell, stage.reference, place)
    }
    for (const container of [...startedIn(deployment), ...looseIn(deployment)]) {
      const kind = shellOf(container)
      if (kind === null || container.fault !== null) continue
      const { reference } = container
      for (const { text, shell, place } of scriptsOf(container, kind))
        for (const fault of faultsIn(text, shell, reference)) yield finding(fault, shell, reference, place)
      for (const { text, shell, place } of stepsOf(container, kind))
        for (const fault of faultsIn(text, shell, reference)) yield ofStep(fault, shell, reference, place)
    }
  },
})

/**
 * Images that stand on Debian 12, Ubuntu 24.04 or an older release. Of a tag without one nobody knows: most of those that
 * are still built stand on Debian 13, whose dash has `pipefail`.
 *
 * @see https://bugs.debian.org/1071238
 */
const WITHOUT_PIPEFAIL =
  /bookworm|bullseye|buster|stretch|jessie|wheezy|noble|jammy|focal|bionic|xenial|trusty|^debian:(?:[1-9]|1[0-2])\b|^ubuntu:(?:1\d|2[0-4])\.|^python:(?:2|3\.[0-8])\b|^node:(?:\d|1\d)\b|^php:(?:5|7|8\.0)\b/

function faultsIn(text: string, shell: Shell, image: string | null): readonly ShellFault[] {
  const faults = shellFaults(text, shell)
  return image !== null && WITHOUT_PIPEFAIL.test(image)
    ? faults
    : faults.filter(({ said }) => said !== PIPEFAIL)
}

/** Every stage of every Dockerfile: those that the last one copies from are built, too. */
function* stagesIn(deployment: Deployment): Iterable<Started> {
  for (const { dockerfile, files } of builtFiles(deployment))
    for (const index of dockerfile.stages.keys()) {
      const image = imageOfStage(dockerfile, String(index))
      if (image === null || image.stage !== dockerfile.stages[index]) continue
      yield {
        service: null,
        project: null,
        image,
        reference: imageReference(image.base),
        fault: null,
        mounts: [],
        files,
        hostFiles: files,
      }
    }
}

function ofStep(
  fault: ShellFault,
  shell: Shell,
  image: string | null,
  place: (start: number, end: number) => Place,
) {
  const found = finding({ ...fault, ends: fault.ends || fault.failsStep }, shell, image, place, 'the build')
  if (!fault.ofBash || fault.meant !== null) return found
  const bash =
    shell === 'dash' ? '`SHELL ["/bin/bash", "-c"]` above it' : 'install bash and call it by `bash -c`'
  return { ...found, help: `Write it for \`sh\` (\`[ … ]\` or \`case\` for a test), or ${bash}` }
}

function finding(
  { start, end, said, ends, ofBash, meant }: ShellFault,
  shell: Shell,
  image: string | null,
  place: (start: number, end: number) => Place,
  whole = 'the container',
) {
  const name = shell === 'bash' ? 'bash' : shell === 'sh' ? 'the shell' : `\`sh\` of \`${image}\``
  return {
    at: place(start, end),
    ...(ends && { severity: 'error' as const }),
    message: ends ? `${name} ends here, and ${whole} with it: ${said}` : `${name} passes over this: ${said}`,
    label: ofBash
      ? shell === 'dash'
        ? 'dash does not know it'
        : 'BusyBox does not know it'
      : 'no end of the test',
    help: ofBash
      ? shell === 'dash'
        ? 'Start the script with bash, which the image has: `#!/bin/bash`'
        : 'Write it for `sh`, or install bash in the Dockerfile: `RUN apk add --no-cache bash`'
      : 'Write a blank behind `[` and before `]`',
    ...meant,
  }
}

const OFFICIAL =
  /^(?:python|node|nginx|php|ruby|golang|httpd|debian|ubuntu|pypy|perl|rust|postgres|mariadb|redis|wordpress)(?::(\S+)|$)/

/** What `/bin/sh` is; null where nobody knows. */
function shellOf(container: Started): Exclude<Shell, 'bash'> | null {
  const base = container.reference
  if (base === null || (container.service?.build != null && container.image === null)) return null
  const official = OFFICIAL.exec(base)
  // The tool of WordPress stands on Alpine, whatever its tag says.
  const isAlpine = /^alpine(?::|$)|^wordpress:cli/.test(base) || /alpine/.test(official?.[1] ?? '')
  if (/windows|nanoserver|servercore|[^\w.:/@-]/.test(base)) return null
  if (official === null && !isAlpine) return 'sh'
  // Of a name alone another program may make an image of the repository.
  if (container.service === null && !base.includes(':')) return 'sh'
  if (buildSteps(container).some(step => /\bbin\/sh\b|reconfigure\s+dash|dash\/sh\b/.test(step))) return 'sh'
  return isAlpine ? 'ash' : 'dash'
}

interface StartedScript {
  readonly text: string
  readonly shell: Shell
  readonly place: (start: number, end: number) => Place
}

/** The script that the container starts, or the text that a shell is given. */
function* scriptsOf(container: Started, sh: Shell): Iterable<StartedScript> {
  const words = startedWords(container)
  const [first, second, third] = words
  if (first === undefined) return
  const given = givenToShell(container)
  if (given !== null) yield ofWord(given, sh)
  const named = /^(?:\/(?:usr\/)?bin\/)?(ba|da|a)?sh$/.exec(first.text)
  const shell = named === null ? null : named[1] === 'ba' ? 'bash' : sh
  if (shell !== null && /^-\w*c$/.test(second?.text ?? '')) {
    if (given === null && third !== undefined) yield ofWord(third, shell)
    return
  }
  const word = shell === null ? first : words.slice(1).find(({ text }) => !text.startsWith('-'))
  const script = word === undefined ? null : scriptAt(container, word)
  if (script === null) return
  const { source } = script
  const shebang = /^#![ \t]*\/(?:usr\/)?bin\/(?:env[ \t]+)?(ba|da|a)?sh\b/.exec(source.code)
  if (shell === null && shebang === null) return
  yield {
    text: source.code.replaceAll('\r', ' '),
    shell: shell ?? (shebang?.[1] === 'ba' ? 'bash' : sh),
    place: (start, end) => ({ source, start, end }),
  }
}

/** The lines of the build, which Docker gives to `/bin/sh -c` where no `SHELL` names another. */
function* stepsOf({ image }: Started, sh: Shell): Iterable<StartedScript> {
  if (image === null || image.shell !== null) return
  for (const step of image.steps) {
    if ('sources' in step || step.command.form !== 'shell' || step.documents.length > 0) continue
    const script = ofWord(step.command.script, sh)
    const { source, start, end } = script.place(0, script.text.length)
    // What a program fills in may be a line, and the end of one.
    if (source.code.slice(start, end) === source.text.slice(start, end)) yield script
  }
}

function ofWord(word: WrittenText, shell: Shell): StartedScript {
  return { text: word.text, shell, place: (start, end) => placeOf(sliceWritten(word, start, end)) }
}

/** What Docker gives to `/bin/sh -c`. */
function givenToShell({ service, image }: Started): WrittenText | null {
  if (image === null || image.shell !== null || (service !== null && service.entrypoint !== null)) return null
  const command = image.entrypoint ?? (service === null || service.command === null ? image.command : null)
  return command?.form === 'shell' ? command.script : null
}
