import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Source } from '../../parsers/text/source.ts'
import { imageReference } from '../../src/deployment/containers/read-containers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'
import { runImages } from './_images.ts'
import { requirementLists } from './_pip.ts'
import { requirementsIn, stageChain } from './_requirements.ts'

const project = (
  base: string,
  requirements: string,
  install = 'RUN pip install --no-cache-dir -r requirements.txt',
): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM ${base}
    WORKDIR /app
    COPY requirements.txt .
    ${install}
    COPY . .
  `,
  'web/requirements.txt': requirements,
})

export default defineRule({
  summary: 'The Python of the image is too old for a requirement',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Each Django says which Python it needs: 5 needs 3.10, 6 needs 3.12. pip passes over releases that the Python of the image is too old for, finds none, and the build fails: `Could not find a version that satisfies the requirement`, `No matching distribution found`.',
  remedy: 'Build on a later image of Python, or require a release that it can run',
  references: [
    'https://docs.djangoproject.com/en/stable/faq/install/#what-python-version-can-i-use-with-django',
    'https://hub.docker.com/_/python',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'a Django that is too new',
      files: project('python:3.9-slim', 'gunicorn==23.0.0\n«Django»==5.2.1\n'),
    },
    {
      title: 'requirements of another file',
      files: {
        ...project('python:3.8', '-r requirements/base.txt\ngunicorn\n'),
        'web/requirements/base.txt': '«django»>=5.0\n',
      },
    },
  ],
  good: [
    { title: 'a Python that is new enough', files: project('python:3.12-slim', 'Django==5.2.1\n') },
    { title: 'the newest Python', files: project('python:3', 'Django==5.2.1\n') },
    { title: 'a Django that is old enough', files: project('python:3.9-slim', 'Django>=4.2\n') },
    {
      title: 'another Django for an older Python',
      files: project(
        'python:3.9-slim',
        'Django==5.2.1; python_version >= "3.10"\nDjango==4.2.20; python_version < "3.10"\n',
      ),
    },
    { title: 'an image of somebody else', files: project('example.org/python:3.9', 'Django==5.2.1\n') },
    {
      title: 'requirements that this image does not install',
      files: project('python:3.9-slim', 'Django==5.2.1\n', 'RUN pip install flask'),
    },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const run of runImages(deployment)) {
      if (run.image === null || run.fault !== null) continue
      const { source } = run.image.stage.at
      const build = run.machine.container?.service.build
      const context =
        run.machine.container === null
          ? posix.dirname(source.path)
          : build?.context.known === true && build.context.value.startsWith('/')
            ? build.context.value
            : null
      if (context === null || seen.has(source)) continue
      seen.add(source)
      const { stages } = readDockerfile(source)
      for (const stage of stages) yield* refused(stages, stage, context, run.files)
    }
  },
})

/** The least Python 3 of a Django. */
const PYTHON_OF: readonly (readonly [django: number, minor: number])[] = [
  [6, 12],
  [5, 10],
  [4, 8],
]

function* refused(stages: readonly DockerStage[], stage: DockerStage, context: string, files: FileSystem) {
  const chain = stageChain(stages, stage)
  const image = imageReference(chain[0]?.image ?? null)
  const [reference, minor] = /^python:3\.(\d+)\S*$/.exec(image ?? '') ?? []
  if (reference === undefined || minor === undefined) return
  for (const { command } of stage.runs) {
    const text = commandText(command)
    // Another Python may be brought along.
    if (/conda|mamba|pyenv|uv python|uv venv/.test(text)) return
    for (const path of requirementLists(text)) {
      const named = files.kind(posix.join(context, path)) === 'file' ? path : posix.basename(path)
      for (const { name, release, at } of requirementsIn(files, posix.join(context, named))) {
        if (name.toLowerCase() !== 'django' || release === null) continue
        const [, least = 0] = PYTHON_OF.find(([django]) => release >= django) ?? []
        if (Number(minor) >= least) continue
        yield {
          at,
          message: `this Django needs Python 3.${least}, and the image has 3.${minor}, so it is not built: No matching distribution found`,
          label: `\`${reference}\``,
          related: [{ at: chain[0]!.at, message: 'the image' }],
        }
      }
    }
  }
}
