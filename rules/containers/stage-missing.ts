import { posix } from 'node:path'
import type { DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { dockerfilePaths } from '../../parsers/dockerfile/dockerfile-paths.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { toldTexts } from '../../src/deployment/setups/told-texts.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'
import { looseImages, runImages } from './_images.ts'

const image = (build: string, from: string): Record<string, string> => ({
  Dockerfile: conf`
    FROM node:22 ${build}
    WORKDIR /app
    COPY . .
    RUN npm ci && npm run build

    FROM nginx:1.27
    COPY --from=${from} /app/dist /usr/share/nginx/html
    COPY site.conf /etc/nginx/conf.d/default.conf
  `,
  'site.conf': siteTo('127.0.0.1:8000'),
})
const target = (name: string): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace('build: ./web', `build: { context: ./web, target: ${name} }`),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM python:3.12 AS base
    WORKDIR /app

    FROM base AS production
    COPY . .
  `,
})

export default defineRule({
  summary: 'A Dockerfile has no stage of the name that is asked for',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'What `--from` names and no `FROM … AS` above it does, Docker takes for an image, and asks its registry for it: `pull access denied for builder, repository does not exist`. A `target` that no stage has is refused: `target stage "prod" could not be found`. Nothing is built.',
  remedy: 'Write the name that stands behind `AS`',
  references: [
    'https://docs.docker.com/build/building/multi-stage/#name-your-build-stages',
    'https://docs.docker.com/reference/dockerfile/#copy---from',
    'https://docs.docker.com/reference/compose-file/build/#target',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'in a Dockerfile that no compose file builds',
      files: {
        'deploy/Dockerfile': conf`
          FROM node:20 AS build
          WORKDIR /app
          FROM nginx:1.27
          COPY --from=«builder» /app/dist /usr/share/nginx/html
        `,
      },
    },
    { title: 'a name without its last letter', files: image('AS assets', '«asset»') },
    { title: 'a number of none', files: image('AS assets', '«2»') },
    { title: 'another name', files: image('AS build', '«builder»') },
    { title: 'a letter too few', files: image('AS frontend', '«fronted»') },
    { title: 'a stage without a name', files: image('', '«build»') },
    {
      title: 'a stage that comes later',
      files: {
        ...image('AS build', 'build'),
        Dockerfile: conf`
          FROM nginx:1.27
          COPY --from=«build» /app/dist /usr/share/nginx/html
          COPY site.conf /etc/nginx/conf.d/default.conf

          FROM node:22 AS build
          WORKDIR /app
          RUN npm run build

          FROM nginx:1.27 AS last
          COPY --from=build /app/dist /usr/share/nginx/html
          COPY site.conf /etc/nginx/conf.d/default.conf
        `,
      },
    },
    { title: 'a target', files: target('«prod»') },
  ],
  good: [
    {
      title: 'a context of its own, where there is one stage',
      files: {
        'deploy/Dockerfile': conf`
          FROM base
          COPY --from=styles /out ./styles
        `,
      },
    },
    { title: 'its name, in other letters', files: image('AS Build', 'build') },
    { title: 'its number', files: image('', '0') },
    { title: 'an image', files: image('AS build', 'node') },
    { title: 'an image of a registry', files: image('AS build', 'example/builder:1') },
    {
      title: 'a stage that another file brings',
      files: {
        ...image('AS build', 'builder'),
        'docker-bake.hcl': 'target "web" { contexts = { builder = "target:builder" } }',
      },
    },
    {
      title: 'a context that a script gives the build',
      files: {
        ...image('AS build', 'assets'),
        'build.sh': '#!/bin/sh\ndocker buildx build --build-context assets=./assets -t shop .\n',
      },
    },
    { title: 'a target that is there', files: target('production') },
    { title: 'a target of the environment', files: target('"${TARGET:-production}"') },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const { image: built, machine, fault, files } of [
      ...runImages(deployment),
      ...looseImages(deployment),
    ]) {
      const { container } = machine
      if (container !== null && fault === null) yield* targetMissing(container)
      const source = built?.stage.at.source
      if (source === undefined || fault !== null || seen.has(source)) continue
      seen.add(source)
      // Contexts have names, too, which are given beside the file.
      const homes = [posix.dirname(source.path), container?.project.directory ?? '/']
      const isGiven =
        container?.project.sources.some(({ text }) => text.includes('additional_contexts')) === true ||
        toldTexts(deployment).some(({ text }) => /\bbuild-contexts?\b/.test(text)) ||
        homes.some(home =>
          (files.list(home) ?? []).some(({ name }) => /^docker-bake\.|build-context/.test(name)),
        )
      if (!isGiven) yield* stagesMissing(readDockerfile(source).stages)
    }
  },
})

/** Names that people give stages, and no image of Docker has. */
const OF_STAGES =
  /^(?:build|builder|building|base|deps|dependencies|dist|assets|static|prod|production|dev|development|development-dependencies|runtime|runner|release|final|test|front|frontend|front-end|back|backend|client|server|web|app|webapp|ui|vendor|compile|compiler|export|prepare|installer|(?:node|npm|react|vue|angular|vite|web|app|frontend|ui|client|go|rust|java|css|js|python|php|composer)[-_]?(?:build|builder|deps|stage|assets)|build(?:er)?[-_](?:stage|env|image|step|deps|frontend|app|web|ui|client|assets)|stage[-_]?\d|\d+[-_]?build)$/

function* stagesMissing(stages: readonly DockerStage[]): Iterable<RuleFinding> {
  const names = stages.flatMap(({ name }) => (name === null ? [] : [name]))
  for (const [index, { copies }] of stages.entries()) {
    const earlier = new Set(stages.slice(0, index).map(({ name }) => name))
    for (const { from, stage } of copies) {
      if (from?.known !== true || from.at === null || stage !== null) continue
      const name = from.value
      if (/^\d+$/.test(name) && Number(name) >= stages.length)
        yield {
          at: from.at,
          message: `the Dockerfile has ${stages.length === 1 ? 'one stage' : `${stages.length} stages`}, counted from 0: stage ${name} is none of them`,
          label: 'no such stage',
        }
      if (!/^[a-z][\w-]*$/.test(name) || earlier.has(name)) continue
      const meant =
        names.find(each => each === name) ??
        names.find(each => isOneSlipAway(each, name)) ??
        names.find(each => name.length > 3 && (each === `${name}s` || name === `${each}s`))
      // Where no stage is above, the name is that of an image, or of a context that is given beside the file.
      if (meant === undefined && (index === 0 || !OF_STAGES.test(name))) continue
      if (name === 'node' || name === 'composer') continue
      const isLater = meant === name
      yield {
        at: from.at,
        message: `${isLater ? 'the stage' : 'no stage above is called'} \`${name}\`${isLater ? ' comes later' : ''}, so Docker looks for an image of this name: pull access denied, repository does not exist`,
        label: isLater ? 'not built yet' : 'no such stage',
        related: stages.slice(0, index).map(({ at, name: other }, number) => ({
          at,
          message: other === null ? `stage ${number}, without a name` : `the stage \`${other}\``,
        })),
      }
    }
  }
}

function* targetMissing({ service: { build }, image, hostFiles }: Container): Iterable<RuleFinding> {
  const name: Fact<string> | null = build?.target ?? null
  if (build === null || name?.known !== true || name.at === null || image !== null) return
  if (!build.context.known || !build.context.value.startsWith('/')) return
  if (build.dockerfileInline !== null || build.dockerfile?.known === false) return
  const source =
    dockerfilePaths(build.context.value, build.dockerfile?.value ?? null)
      .map(path => sourceAt(hostFiles, path))
      .find(found => found !== null) ?? null
  const stages = source === null ? [] : readDockerfile(source).stages
  if (source === null || stages.length === 0 || source.template) return
  const place: Place = stages.at(-1)!.at
  yield {
    at: name.at,
    message: `the Dockerfile has no stage of this name: target stage "${name.value}" could not be found`,
    label: 'no such stage',
    related: [{ at: place, message: 'the last stage' }],
  }
}
