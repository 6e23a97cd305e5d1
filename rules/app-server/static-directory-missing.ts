import { posix } from 'node:path'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { makesDirectories, missingIn } from '../containers/_missing-directory.ts'
import { loadedBy } from './_loaded-files.ts'

const image = (
  mount: string,
  copies: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        build: .
        ports: ["8000:8000"]
  `,
  Dockerfile: conf`
    FROM python:3.13-slim
    WORKDIR /code
    COPY requirements.txt .
    RUN pip install -r requirements.txt
    ${copies}
    CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8000"]
  `,
  'requirements.txt': 'fastapi\nuvicorn\n',
  'app/__init__.py': '',
  'app/main.py': conf`
    from fastapi import FastAPI
    from fastapi.staticfiles import StaticFiles
    app = FastAPI()
    ${mount}
  `,
  ...more,
})
const MOUNT = 'app.mount("/static", StaticFiles(directory="static"), name="static")'
const MARKED = MOUNT.replace('"static")', '"«static»")')
const STYLES = { 'static/site.css': 'p {}\n' }

export default defineRule({
  summary: 'FastAPI serves a directory that its image does not have',
  severity: 'error',
  otherSeverities: {
    warning: 'where the image copies the project, and the repository has no such directory',
  },
  confidence: 'high',
  since: '0.1.0',
  why: "`StaticFiles` looks for its directory when the application is loaded, from the directory in which the server is started. Where an image has the package of the application alone, the application ends: `RuntimeError: Directory 'static' does not exist`.",
  remedy: 'Copy the directory into the image: `COPY static static`',
  references: [
    'https://fastapi.tiangolo.com/tutorial/static-files/',
    'https://www.starlette.io/staticfiles/',
  ],
  unproven: 'The live tests start no containers: what is copied where, the Dockerfile says',
  bad: [
    { title: 'a directory beside the one that is copied', files: image(MARKED, 'COPY app app', STYLES) },
    { title: 'a directory that the repository does not have', files: image(MARKED, 'COPY . .') },
  ],
  good: [
    { title: 'the directory', files: image(MOUNT, 'COPY app app\nCOPY static static', STYLES) },
    {
      title: 'a directory that is built before the image, and that git leaves out',
      files: image(MOUNT, 'COPY . .', { '.gitignore': '/static\n' }),
    },
    { title: 'the whole project', files: image(MOUNT, 'COPY . .', STYLES) },
    { title: 'a directory that is made', files: image(MOUNT, 'COPY app app\nRUN mkdir static') },
    {
      title: 'a directory of another stage',
      files: image(MOUNT, 'COPY app app\nCOPY --from=node:22 /srv/dist static'),
    },
    {
      title: 'a directory that is looked for when it is asked for',
      files: image(MOUNT.replace('"static")', '"static", check_dir=False)'), 'COPY app app'),
    },
    {
      title: 'a directory that is served where it is there',
      files: image(`import os\nif os.path.isdir("static"):\n    ${MOUNT}`, 'COPY app app'),
    },
    {
      title: 'a directory of the package',
      files: image(MOUNT.replace('"static")', '"app/static")'), 'COPY app app', {
        'app/static/site.css': '',
      }),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      const loaded = container === null ? null : loadedBy(deployment, program)
      const home = program.server.directory ?? program.directory
      if (container === null || loaded === null || home?.known !== true) continue
      const { files, paths } = loaded
      for (const { directory, at } of paths.flatMap(each => served(sourceAt(files, each)))) {
        const missing = missingIn(container, cleanPath(posix.resolve(home.value, directory)))
        if (missing === null || makesDirectories(container, paths)) continue
        if (missing === 'copied' && isIgnored(container, directory)) continue
        yield {
          at,
          ...(missing === 'copied' && { severity: 'warning' as const }),
          message: `${missing === 'copied' ? 'the repository, which the image copies, has no such directory' : 'nothing copies this directory into the image'}, so the application ends: RuntimeError: Directory '${directory}' does not exist`,
          label: 'no such directory',
          related: [{ at: container.image!.stage.at, message: 'the image' }],
        }
      }
    }
  },
})

/** True where git leaves the directory out: something makes it before the image is built. */
function isIgnored({ hostFiles, project, service }: Container, directory: string): boolean {
  const context = service.build?.context
  return [project.directory, context?.known === true ? context.value : '/'].some(each =>
    sourceAt(hostFiles, posix.join(each, '.gitignore'))?.text.includes(posix.basename(directory)),
  )
}

/** Directories that a line at the top of a module serves, whatever happens. */
function served(source: Source | null): readonly { readonly directory: string; readonly at: Place }[] {
  if (source === null) return []
  return [...withoutComments(source.code).matchAll(SERVED)].flatMap(match => {
    const [whole, , directory = '', rest = ''] = match
    if (rest.includes('check_dir')) return []
    const start = match.index + whole.length - rest.length - directory.length - 1
    return [{ directory, at: { source, start, end: start + directory.length } }]
  })
}

const SERVED = /^\w+\.mount\([^()\n]*\bStaticFiles\(\s*directory\s*=\s*(["'])([\w./-]+)\1([^()\n]*)/gm
