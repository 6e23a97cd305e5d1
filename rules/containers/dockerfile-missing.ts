import { posix } from 'node:path'
import { dockerfilePaths } from '../../parsers/dockerfile/dockerfile-paths.ts'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'

const tree = (build: string, files: Record<string, string>): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace('build: ./web', build),
  'nginx/site.conf': siteTo('web:8000'),
  ...files,
})
const OWN = 'FROM python:3.12-slim\n'

export default defineRule({
  summary: 'A service is built from a Dockerfile that is not where Docker looks for it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`build: ./web` names a directory, and Docker looks for `Dockerfile` in it; `dockerfile:` is a path below this directory, not one beside the compose file. Where there is none, `docker compose up` ends with `failed to read dockerfile: open Dockerfile: no such file or directory`, and starts no service at all.',
  remedy: 'Name the directory as `context:` and the Dockerfile as `dockerfile:`, as it is called from there',
  references: [
    'https://docs.docker.com/reference/compose-file/build/#context',
    'https://docs.docker.com/reference/compose-file/build/#dockerfile',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'a path from the compose file, and not from the context',
      files: tree('build: { context: ./web, dockerfile: «./web/Dockerfile.prod» }', {
        'web/Dockerfile.prod': OWN,
        'web/manage.py': 'print()\n',
      }),
    },
    {
      title: 'a Dockerfile of another name',
      files: tree('build: «./web»', { 'web/Dockerfile.prod': OWN, 'web/manage.py': 'print()\n' }),
    },
    {
      title: 'a Dockerfile in a directory of the context',
      files: tree('build: «.»', { 'docker/Dockerfile': OWN }),
    },
    {
      title: 'a Dockerfile for the directory',
      files: tree('build: «./web/Dockerfile»', { 'web/Dockerfile': OWN }),
    },
    {
      title: 'a directory that is called nearly so',
      files: tree('build: «./Backend»', { 'backend/Dockerfile': OWN }),
    },
  ],
  good: [
    {
      title: 'in small letters, and an image that a script makes',
      files: {
        ...tree('build: ./web', { 'web/dockerfile': OWN, 'web/Dockerfile.prod': OWN }),
        'worker/docker-compose.yml': conf`
          services:
            worker:
              image: example/worker
              build: .
        `,
        'worker/Dockerfile.fedora': OWN,
      },
    },
    { title: 'in its directory', files: tree('build: ./web', { 'web/Dockerfile': OWN }) },
    {
      title: 'by its path from the context',
      files: tree('build: { context: ., dockerfile: web/Dockerfile }', { 'web/Dockerfile': OWN }),
    },
    {
      title: 'beside the context, as in the first format',
      files: {
        'docker-compose.yml': conf`
          web:
            build: ./web
            dockerfile: Dockerfile.prod
            ports: ["80:80"]
        `,
        'web/Dockerfile.prod': OWN,
      },
    },
    {
      title: 'written into the compose file',
      files: tree(
        conf`
        build:
              context: ./web
              dockerfile_inline: |
                FROM python:3.12-slim
      `.trimEnd(),
        { 'web/Dockerfile.dev': OWN },
      ),
    },
    {
      title: 'a submodule that is not checked out',
      files: tree('build: { context: ./web, dockerfile: Dockerfile.prod }', { 'web/': '' }),
    },
    {
      title: 'a submodule that is not checked out, beside the Dockerfile of something else',
      files: tree('build: { context: ./web, dockerfile: Dockerfile }', { 'web/': '', Dockerfile: OWN }),
    },
    {
      title: 'a directory of another repository',
      files: tree('build: ../shop', { 'web/Dockerfile': OWN }),
    },
    {
      title: 'a directory that is fetched, and one that a variable names',
      files: tree('build: { context: "${SRC:-./src}", dockerfile: Dockerfile }', { 'web/Dockerfile': OWN }),
    },
    {
      title: 'a repository by its address',
      files: tree('build: https://example.org/shop.git#main', { 'web/Dockerfile': OWN }),
    },
    {
      title: 'a template that a script makes it of',
      files: tree('build: ./web', { 'web/Dockerfile.in': OWN }),
    },
    {
      title: 'a default that is copied where it is wanted',
      files: tree('build: ./web', { 'web/Dockerfile.default': OWN }),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null || container.image !== null) continue
      const { service, project, hostFiles } = container
      // An image of this name may be pulled, or made by a script.
      if (!service.complete || service.image !== null) continue
      const finding = missingIn(service, project.directory, hostFiles)
      if (finding !== null) yield finding
    }
  },
})

/** What a directory may have as a Dockerfile of another name. */
const OTHER_NAME =
  /^(?:Dockerfile[._-](?!(?:in|j2|jinja2?|tmpl|tpl|template|sample|example|default|dist|dockerignore)$)[\w.-]+|[\w-]+\.[Dd]ockerfile)$/

function missingIn({ build }: ComposeService, directory: string, files: FileSystem): RuleFinding | null {
  if (build === null || build.dockerfileInline !== null || build.dockerfile?.known === false) return null
  const { context } = build
  if (!context.known || context.at === null || !context.value.startsWith('/')) return null
  const at = context.at
  const kind = files.kind(context.value)
  if (kind === 'file') {
    if (!/^(?:Dockerfile|Containerfile)(?:\.[\w-]+)?$/.test(posix.basename(context.value))) return null
    return {
      at,
      message:
        'this is a file, and Docker builds with a directory: unable to prepare context: not a directory',
      label: 'no directory',
      help: 'Write the directory, and another name than `Dockerfile` below `dockerfile:`',
    }
  }
  if (kind === null) return misspelt(context.value, at, files)
  const name = build.dockerfile?.value ?? 'Dockerfile'
  const path = posix.resolve(context.value, name)
  if (dockerfilePaths(context.value, name).some(each => files.kind(each) !== null)) return null
  const place = build.dockerfile?.at ?? at
  const said = `Docker looks for \`${posix.relative(directory, path)}\`, and there is none: failed to read dockerfile: open ${posix.basename(name)}: no such file or directory`
  const entries = files.list(context.value) ?? []
  // Git keeps no empty directory but that of a submodule.
  if (entries.length === 0) return null
  const beside = build.dockerfile === null ? null : posix.resolve(directory, name)
  if (beside !== null && beside !== path && files.kind(beside) === 'file')
    return {
      at: place,
      message: said,
      label: 'not below the context',
      related: [{ at, message: 'the context' }],
      help: `Write it as it is called from the context: \`${posix.relative(context.value, beside)}\``,
    }
  const other =
    entries.find(each => each.kind === 'file' && OTHER_NAME.test(each.name))?.name ??
    entries
      .filter(each => each.kind === 'directory' && /^\.?[\w-]+$/.test(each.name))
      .map(each => `${each.name}/Dockerfile`)
      .find(each => files.kind(posix.join(context.value, each)) === 'file')
  return other === undefined || build.dockerfile !== null
    ? null
    : {
        at: place,
        message: said,
        label: 'no Dockerfile there',
        help: `Write \`dockerfile: ${other}\`, if it is this one`,
      }
}

/** A directory beside it that differs in capital letters alone. */
function misspelt(path: string, at: RuleFinding['at'], files: FileSystem): RuleFinding | null {
  const name = posix.basename(path)
  const other = (files.list(posix.dirname(path)) ?? []).find(
    each => each.kind === 'directory' && each.name.toLowerCase() === name.toLowerCase(),
  )
  return other === undefined
    ? null
    : {
        at,
        message: `the directory is called \`${other.name}\`: unable to prepare context: path not found`,
        label: 'no directory of this name',
        help: `Write \`${other.name}\``,
      }
}
