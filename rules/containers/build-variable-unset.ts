import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { Dockerfile, DockerStage, DockerVariable } from '../../parsers/dockerfile/dockerfile.ts'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { placeIn } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { baseOf, builtFiles, chainOf } from './_stages.ts'

const built = (dockerfile: string): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': dockerfile,
})
const image = (lines: string): Record<string, string> =>
  built(conf`
    FROM python:3.12-slim
    ${lines}
    COPY . .
  `)

export default defineRule({
  summary: 'A variable of a Dockerfile is empty where it is used, or is set by another name',
  severity: 'warning',
  otherSeverities: {
    info: 'where `ENV NAME $NAME` sets nothing, and the container may be given it, and for the whole target of `COPY`, which is the working directory then',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'An `ARG` above the first `FROM` belongs to the `FROM` lines alone: a stage that does not name it again has nothing of it, and `WORKDIR ${APP_HOME}` stays where it was. `ENV NAME: value` sets a variable whose name ends in the colon, `ENV NAME = value` one whose value begins with `=`, and `ARG NAME= value` an empty one. Docker says nothing that ends the build, and the program runs with its default.',
  remedy: 'Write `ARG NAME` once more below `FROM`, and `ENV NAME=value` without blanks',
  references: [
    'https://docs.docker.com/build/building/variables/#scoping',
    'https://docs.docker.com/reference/dockerfile/#env',
    'https://docs.docker.com/reference/build-checks/undefined-var/',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'an argument that stands above FROM',
      files: built(conf`
        ARG APP_HOME=/srv/shop
        FROM python:3.12-slim
        WORKDIR «\${APP_HOME}»
        COPY . .
      `),
    },
    {
      title: 'the same, in a step',
      files: built(conf`
        ARG GUNICORN=23.0
        FROM python:3.12-slim AS base
        RUN pip install "gunicorn==«$GUNICORN»"
        FROM base
        COPY . .
      `),
    },
    { title: 'a colon behind the name', files: image('ENV «DJANGO_SETTINGS_MODULE:» shop.settings') },
    { title: 'blanks around the equals sign', files: image('ENV DJANGO_SETTINGS_MODULE «= shop.settings»') },
    { title: 'a blank behind the equals sign', files: image('ARG «VERSION=» 1.2') },
    { title: 'a variable of itself', files: image('ENV SHOP_NAME «$SHOP_NAME»') },
    {
      title: 'an argument of another stage',
      files: built(conf`
        FROM node:22 AS assets
        ARG SRC=shop
        COPY \${SRC}/assets /assets
        FROM python:3.12-slim
        COPY «\${SRC}»/requirements.txt /app/
      `),
    },
    {
      title: 'one that is set below',
      files: image(conf`
        COPY requirements.txt «$APP_HOME»/
        ENV APP_HOME=/srv/shop
      `),
    },
    { title: 'a blank in place of the equals sign', files: image('ARG «VERSION» 1.2') },
    {
      title: 'a slip in the name',
      files: image(conf`
        ENV APP_HOME=/srv/shop
        WORKDIR «$APPHOME»
      `),
    },
    {
      title: 'a directory for tools, in which a step looks elsewhere',
      files: image(conf`
        ENV PYENV_ROOT=«$HOME»/.pyenv
        RUN git clone https://github.com/pyenv/pyenv ~/.pyenv
      `),
    },
    {
      title: 'the home of an account, which only a shell knows',
      files: image('ENV PATH=«$HOME»/.local/bin:$PATH'),
    },
  ],
  good: [
    {
      title: 'a directory that tools ask the variable for',
      files: image(conf`
        ENV GOPATH=$HOME/go
        ENV PATH="\${PATH}:\${GOPATH}/bin"
        RUN go install example.org/tool@latest
      `),
    },
    {
      title: 'a remark behind an argument',
      files: {
        Dockerfile: conf`
          FROM debian:12
          ARG RUST_VERSION="1.98.0" # Keep in sync with \`rust-toolchain.toml\`
          ARG REVISION # of the repository
          ARG CHANNEL=stable # (or nightly)
          RUN rustup toolchain install "$RUST_VERSION"
        `,
      },
    },
    {
      title: 'a port that the platform gives to the container',
      files: built('FROM python:3.12-slim\nEXPOSE $PORT\nCMD gunicorn --bind 0.0.0.0:$PORT shop.wsgi\n'),
    },
    {
      title: 'an argument that the stage names again',
      files: built(conf`
        ARG VERSION=3.12
        ARG APP_HOME=/srv/shop
        FROM python:\${VERSION}-slim
        ARG APP_HOME
        WORKDIR \${APP_HOME}
        RUN test -d "$APP_HOME" && VERSION=1 && echo '$VERSION' "$VERSION"
        COPY . .
      `),
    },
    {
      title: 'one that the stage below has',
      files: built(conf`
        ARG APP_HOME=/srv/shop
        FROM python:3.12-slim AS base
        ARG APP_HOME
        FROM base
        WORKDIR \${APP_HOME}
        COPY . .
      `),
    },
    {
      title: 'what the image sets, and a default',
      files: image(conf`
        ENV PATH=/opt/venv/bin:$PATH LIBRARIES=/usr/lib/python\${PYTHON_VERSION}
        WORKDIR \${APP_HOME:-/srv/shop}
        ENV EMPTY= NAME="The Shop: all of it"
        ENV NAME The Shop
        ARG ONE= TWO=2
        ARG THREE FOUR
      `),
    },
    {
      title: 'an image of somebody else, which may set it',
      files: built(conf`
        ARG APP_HOME=/srv/shop
        FROM registry.example.org/base:1
        WORKDIR \${APP_HOME}
        COPY . .
      `),
    },
  ],
  *check(deployment) {
    for (const { dockerfile } of builtFiles(deployment)) {
      for (const stage of dockerfile.stages) {
        yield* misread(stage)
        yield* unsetIn(dockerfile, stage)
      }
    }
  },
})

/** Names and values that are not those that they seem. */
function* misread({ environment, args }: DockerStage): Iterable<RuleFinding> {
  for (const { name, value, at } of environment) {
    const { source, start } = at
    if (/^[A-Za-z_]\w*:$/.test(name) && source.code.startsWith(name, start)) {
      const plain = name.slice(0, -1)
      yield {
        at: { source, start, end: start + name.length },
        message: `the variable is called \`${name}\`, with its colon, and \`${plain}\` is not set`,
        label: 'a part of the name',
        help: value.known ? `Write \`ENV ${plain}=${value.value}\`` : `Write \`ENV ${plain}=…\``,
      }
    }
    if (value.known && /^=[ \t]*\S/.test(value.value) && /\s/.test(source.code[start + name.length] ?? ''))
      yield {
        at: value.at ?? at,
        message: `the value of \`${name}\` is \`${value.value}\`, with the equals sign`,
        label: 'a part of the value',
        help: `Write \`ENV ${name}${value.value.replace(/^=[ \t]*/, '=')}\``,
      }
  }
  const told = new Set<number>()
  for (const [index, { name, value, at }] of args.entries()) {
    const next = args[index + 1]
    if (next === undefined || isUnknownWord(next.name)) continue
    const between = at.source.code.slice(at.end, next.at.start)
    const written = next.at.source.code.slice(next.at.start, next.at.end)
    if (!/^[ \t]+$/.test(between) || written.includes('=')) continue
    // Docker takes the words of a remark for names, and they are nobody's.
    if (/^#/.test(name) || /^#/.test(written) || /[ \t]#/.test(lineBefore(at))) continue
    const isCut = at.source.code[at.end - 1] === '=' && value.known && value.value === ''
    // Names may follow each other; what is none was meant for a value.
    const isApart = at.end - at.start === name.length && !/^[A-Za-z_]\w*$/.test(written)
    if (!isCut && !isApart) continue
    // One line is told of once.
    const { line } = lineOf(at)
    if (told.has(line)) continue
    told.add(line)
    yield {
      at,
      message: `\`${name}\` is empty, and \`${written}\` is the name of another argument`,
      label: 'empty',
      help: `Write \`ARG ${name}=${written}\``,
    }
  }
}

/** Images that set no more than is known of them, and the names that they set. */
const OFFICIAL =
  /^(?:debian|ubuntu|alpine|python|node|nginx|php|golang|ruby|httpd)(?::(?!\S*onbuild)[\w.-]+)?(?:@\S+)?$/
const OF_IMAGES =
  /^(?:PATH|LANG|LC_ALL|GPG_KEYS?|(?:PYTHON|NODE|YARN|NGINX|NJS|ACME|PKG|DYNPKG|PHP|PHPIZE|GO|GOLANG|RUBY|GEM|BUNDLE|HTTPD|APACHE)\w*|(?:HTTPS?|FTP|NO|ALL)_PROXY|(?:https?|ftp|no|all)_proxy|SOURCE_DATE_EPOCH|BUILDKIT_\w+)$/

/** Variables that nothing sets where they are used. */
function* unsetIn(dockerfile: Dockerfile, stage: DockerStage): Iterable<RuleFinding> {
  const base = baseOf(dockerfile, stage)
  if (base === null || !OFFICIAL.test(base)) return
  const chain = chainOf(dockerfile, stage)
  const inherited = chain.slice(1).flatMap(each => [...each.args, ...each.environment])
  const own = [...stage.args, ...stage.environment]
  const global = (name: string) => dockerfile.globals.find(each => each.name === name)
  for (const { name, at } of stage.unset) {
    if (OF_IMAGES.test(name) || isUnknownWord(name) || inherited.some(each => each.name === name)) continue
    const { line, end } = lineOf(at)
    const set = own.find(each => each.name === name && each.at.start > end)
    const meant = set ?? nearly(name, [...own, ...inherited])
    // Platforms give `PORT` to the container: `EXPOSE` with nothing behind it does nothing.
    const isExposed = /^[ \t]*EXPOSE\b/i.test(at.source.code.slice(line, at.start))
    if (isExposed && meant === undefined && global(name) === undefined) continue
    // Docker copies to the working directory where the target is empty, which is often what is meant.
    const isTarget = /^[ \t]*(?:COPY|ADD)[ \t].*[ \t]\$\{?\w+\}?[ \t]*$/i.test(
      at.source.code.slice(line, end),
    )
    if (isOwnDirectory(name, at)) continue
    const elsewhere = dockerfile.stages
      .filter(each => !chain.includes(each))
      .flatMap(each => each.args)
      .find(each => each.name === name && each.at.start < at.start)
    const isItself = own.some(each => each.name === name && each.at.start >= line && each.at.start < end)
    yield {
      ...(meant === undefined && elsewhere !== undefined && global(name) === undefined
        ? ofAnotherStage(name, at, elsewhere)
        : finding(name, at, global(name), meant)),
      // `ENV NAME $NAME`: what starts the container has to bring it all the same.
      ...(((isItself && global(name) === undefined) || (isTarget && meant === undefined)) && {
        severity: 'info' as const,
      }),
    }
  }
  for (const run of stage.runs) {
    if (run.command.form === 'exec' || run.documents.length > 0) continue
    const { script } = run.command
    const text = commandText(run.command)
    for (const argument of dockerfile.globals) {
      const { name } = argument
      if (!/^\w+$/.test(name) || OF_IMAGES.test(name) || inherited.some(each => each.name === name)) continue
      if (own.some(each => each.name === name && each.at.start < run.at.start)) continue
      const use = new RegExp(`\\$(?:${name}(?!\\w)|\\{${name}\\})`).exec(script.text)
      // The shell may set it itself; between single quotes it is text.
      if (use === null || new RegExp(`(?<![$\\w{])${name}(?!\\w)`).test(text) || text.includes("'")) continue
      const start = run.command.script
      yield finding(name, placeIn(start, use.index, use.index + use[0].length), argument, undefined)
    }
  }
}

/**
 * True for `ENV GOPATH=$HOME/go`: it is `/go`, and the tools that put files there ask the variable themselves. Who names
 * `~` or `/root` besides means another directory.
 */
function isOwnDirectory(name: string, at: Place): boolean {
  const { code } = at.source
  const { line } = lineOf(at)
  const isForTools = /(?:^|\s)(?:GOPATH|GOBIN|[A-Z]+_(?:HOME|ROOT|DIR))[= ]"?$/
  if (name !== 'HOME' || !isForTools.test(code.slice(line, at.start))) return false
  const [, rest] = /^\}?(\/[\w.-]+)/.exec(code.slice(at.end)) ?? []
  return rest !== undefined && !['~', '/root'].some(home => code.includes(home + rest))
}

/** The line of a source in which a place begins. */
function lineOf({ source, start }: Place): { readonly line: number; readonly end: number } {
  const end = source.code.indexOf('\n', start)
  return { line: source.code.lastIndexOf('\n', start) + 1, end: end === -1 ? source.code.length : end }
}

function nearly(name: string, all: readonly DockerVariable[]): DockerVariable | undefined {
  return all.find(each => isOneSlipAway(each.name.toLowerCase(), name.toLowerCase()))
}

function ofAnotherStage(name: string, at: Place, other: DockerVariable): RuleFinding {
  return {
    at,
    message: `\`${name}\` is empty here: the \`ARG\` above belongs to another stage`,
    label: 'empty',
    related: [{ at: other.at, message: 'of the stage before' }],
    help: `Write \`ARG ${name}\` in this stage too`,
  }
}

function finding(
  name: string,
  at: Place,
  global: DockerVariable | undefined,
  other: DockerVariable | undefined,
): RuleFinding {
  const isSame = other?.name === name
  return {
    at,
    message:
      global !== undefined
        ? `\`${name}\` is empty here: an \`ARG\` above \`FROM\` is none of the stage's`
        : isSame
          ? `\`${name}\` is empty here, as the line that sets it comes later`
          : `\`${name}\` is empty here: neither the image nor a line above sets it`,
    label: 'empty',
    ...(global !== undefined && {
      related: [{ at: global.at, message: 'known to the `FROM` lines alone' }],
      help: `Write \`ARG ${name}\` below \`FROM\``,
    }),
    ...(global === undefined &&
      other !== undefined && {
        related: [{ at: other.at, message: isSame ? 'set here' : `\`${other.name}\` is set here` }],
      }),
    ...(global === undefined && other === undefined && { help: `Set it above, with \`ENV ${name}=…\`` }),
  }
}

function lineBefore({ source, start }: Place): string {
  return source.code.slice(source.code.lastIndexOf('\n', start) + 1, start)
}
