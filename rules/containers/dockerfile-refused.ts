import { posix } from 'node:path'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import type { DockerCommand } from '../../parsers/dockerfile/dockerfile.ts'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { looseImages, runImages } from './_images.ts'

const tree = (dockerfile: string, compose = composeWith()): Record<string, string> => ({
  'docker-compose.yml': compose,
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': dockerfile,
})
const image = (lines: string): Record<string, string> =>
  tree(conf`
    FROM python:3.12-slim
    WORKDIR /app
    ${lines}
    COPY . .
  `)
/** Without a command in the compose file, so that the image's own is started. */
const started = (lines: string): Record<string, string> =>
  tree(
    conf`
      FROM python:3.12-slim
      WORKDIR /app
      COPY . .
      ${lines}
    `,
    conf`
      services:
        web:
          build: ./web
        nginx:
          image: nginx:1.27
          volumes:
            - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro
    `,
  )

export default defineRule({
  summary: 'Docker refuses a line of a Dockerfile, or takes it for another',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Docker reads the whole Dockerfile before it builds anything, and stops at the first line that it does not know: `dockerfile parse error: unknown instruction: apt-get`. Mostly the line above lacks its backslash. `CMD` and `ENTRYPOINT` between brackets are JSON, with double quotes alone: of anything else Docker makes a line for `/bin/sh`, which answers `[gunicorn,: not found`, and the container ends.',
  remedy: 'End each line but the last of a `RUN` in a backslash, and write `CMD ["program", "argument"]`',
  references: [
    'https://docs.docker.com/reference/dockerfile/#format',
    'https://docs.docker.com/reference/dockerfile/#shell-and-exec-form',
    'https://docs.docker.com/reference/build-checks/json-args-recommended/',
  ],
  unproven: 'The live tests build no images; the line that a shell is given, any shell refuses',
  bad: [
    {
      title: 'a line that lacks its backslash above',
      files: image(conf`
        RUN apt-get update && \
            apt-get install -y libpq5
            «rm» -rf /var/lib/apt/lists/*
      `),
    },
    {
      title: 'an operator that begins a line',
      files: image(conf`
        RUN apt-get update
            «&&» apt-get install -y libpq5
      `),
    },
    {
      title: 'a Dockerfile without a compose file',
      files: {
        'docker/site.conf': siteTo('127.0.0.1:8000'),
        Dockerfile: conf`
          FROM nginx:1.27
          RUN apt-get update
              «&&» apt-get install -y curl
          COPY docker/site.conf /etc/nginx/conf.d/default.conf
        `,
      },
    },
    { title: 'a slip in the name', files: image('«WORKDR» /srv') },
    {
      title: 'a comment behind the image',
      files: tree(conf`
        FROM python:3.12-slim «#» the one of the host
        WORKDIR /app
      `),
    },
    { title: 'a value with a blank', files: image('ENV SHOP_NAME=The «Shop»') },
    { title: 'a file without its target', files: image('«COPY» requirements.txt') },
    { title: 'a comment behind a port', files: image('EXPOSE 8000 «#» gunicorn') },
    {
      title: 'a health check without its word',
      files: image('HEALTHCHECK --interval=30s «python» -m shop.health'),
    },
    {
      title: 'a time without its unit',
      files: image('HEALTHCHECK «--interval=30» CMD python -m shop.health'),
    },
    {
      title: 'a step before any image',
      files: tree(conf`
        «WORKDIR» /app
        FROM python:3.12-slim
      `),
    },
    {
      title: 'single quotes',
      files: started(`CMD «['gunicorn', '--bind', '0.0.0.0:8000', 'shop.wsgi']»`),
    },
    {
      title: 'backslashes in it, for PowerShell',
      files: started(conf`
        SHELL ["powershell", "-Command"]
        CMD «["C:\Shop.exe", "shop"]»
      `),
    },
    { title: 'a semicolon behind it', files: started('CMD «["gunicorn", "shop.wsgi"];»') },
    { title: 'a comma too many', files: started('ENTRYPOINT «["gunicorn", "shop.wsgi",]»') },
  ],
  good: [
    {
      title: 'lines that go on, with comments and empty ones between',
      files: image(conf`
        # syntax = docker/dockerfile:1
        RUN apt-get update && \
            # for psycopg

            apt-get install -y libpq5 && \
            rm -rf /var/lib/apt/lists/*
        RUN <<EOF
        apt-get update
        && is nothing of Docker's
        EOF
      `),
    },
    {
      title: 'a comma behind an array, which Docker long left alone',
      files: image(conf`
        SHELL ["/bin/sh", "-c"],
      `),
    },
    {
      title: 'what Docker takes',
      files: tree(conf`
        ARG VERSION=3.12
        from --platform=linux/amd64 python:$VERSION as base
        ENV NAME The Shop
        ENV A=1 B="2 3" C=4\ 5
        LABEL org.example.title="The Shop" maintainer=shop
        EXPOSE 8000/tcp 9000-9010 $PORT
        MAINTAINER The Shop
        HEALTHCHECK --interval=1m30s --retries=3 CMD ["python", "-m", "shop.health"]
        HEALTHCHECK NONE
        ONBUILD COPY . .
        STOPSIGNAL SIGINT
        SHELL ["/bin/bash", "-c"]
      `),
    },
    {
      title: 'a template',
      files: tree(conf`
        FROM python:3.12-slim
        {% if proxy %}
        ENV http_proxy={{ proxy }}
        {% endif %}
        {{ more }}
      `),
    },
    {
      title: 'a template by its name',
      files: {
        ...tree('FROM python:3.12-slim\n'),
        'docker-compose.yml': conf`
          services:
            web:
              build: { context: ./web, dockerfile: Dockerfile.template }
            nginx:
              image: nginx:1.27
              volumes: ["./nginx/site.conf:/etc/nginx/conf.d/default.conf"]
        `,
        'web/Dockerfile.template': conf`
          FROM python:%%VERSION%%
          RUN set -x \
              %%PACKAGES%%
              "
              && rm -rf /tmp/*
        `,
      },
    },
    {
      title: 'another front end',
      files: tree(conf`
        # syntax=registry.example.org/front-end:1
        FROM python:3.12-slim
        INSTALL libpq5
      `),
    },
    { title: 'a test of the shell', files: started('CMD [ -f /app/ready ] && exec gunicorn shop.wsgi') },
    { title: 'JSON', files: started('CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]') },
  ],
  *check(deployment) {
    for (const { fault, image, machine } of [...runImages(deployment), ...looseImages(deployment)]) {
      if (fault !== null) {
        const { at, said, continues } = fault
        yield {
          at,
          message: `Docker builds nothing: ${said}`,
          label: 'refused',
          ...(continues !== null && {
            related: [{ at: continues, message: 'the instruction above ends here' }],
            help: 'End the line above in `\\`, if this one goes on with it',
          }),
        }
      }
      yield* shellLines(image, machine.container?.service ?? null)
    }
  },
})

/** What a shell is given though it was to be JSON. */
function* shellLines(image: DockerImage | null, service: ComposeService | null) {
  if (image === null) return
  const { entrypoint = null, command = null, healthcheck = null } = service ?? {}
  const own: readonly (readonly [string, DockerCommand | 'none' | null])[] = [
    ['ENTRYPOINT', entrypoint === null ? image.entrypoint : null],
    ['CMD', entrypoint === null && command === null ? image.command : null],
    ['HEALTHCHECK CMD', healthcheck === null ? image.healthcheck : null],
  ]
  for (const [name, written] of own) {
    if (written === null || written === 'none' || written.form !== 'shell') continue
    const { text } = written.script
    if (!isMeantAsJson(text)) continue
    const [program = ''] = text.split(/\s/)
    const shell = posix.basename(image.shell?.[0]?.text ?? 'sh')
    yield {
      at: placeOf(written.script),
      message: /^(?:ba|da|a|z|k)?sh$/.test(shell)
        ? `\`${name}\` is no JSON here, so Docker starts \`${shell} -c\` with it: \`${program.replaceAll(/["']/g, '')}: not found\``
        : `\`${name}\` is no JSON here, so Docker starts \`${shell}\` with it, for which the brackets are no command`,
      label: 'no JSON',
      help: 'Write double quotes around each word, a comma between two, and none behind the last',
    }
  }
}

/** Brackets around quoted words; `[ "$A" = b ]` is a test of the shell. */
function isMeantAsJson(text: string): boolean {
  // A shell ends a command with a semicolon, and JSON has none.
  if (/^\[\s*"[^\]]*"\s*\]\s*;$/.test(text.trim())) return true
  return (
    /^\[\s*(?:'[^']*'\s*(?:,|\]$)|["“‘][^\]]*,[^\]]*\]$)/.test(text.trimEnd()) && !/["']\s+!?==?\s/.test(text)
  )
}
