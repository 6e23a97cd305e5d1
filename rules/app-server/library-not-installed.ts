import type { AppServerProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { installedPackages, requiredBeside } from '../containers/_python-packages.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { neededBy, packagesBrought, websocketRoute } from './_fastapi-needs.ts'
import { loadedBy } from './_loaded-files.ts'

const image = (
  application: string,
  requirements: string,
  more: Record<string, string> = {},
): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        build: web
      nginx:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
  `,
  'site.conf': conf`
    server {
        listen 80;
        location / {
            proxy_pass http://web:8000;
        }
    }
  `,
  'web/Dockerfile': conf`
    FROM python:3.12-slim
    WORKDIR /app
    COPY requirements.txt .
    RUN pip install -r requirements.txt
    COPY . .
    CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
  `,
  'web/requirements.txt': requirements,
  'web/main.py': application,
  ...more,
})
const PLAIN = 'fastapi==0.115.6\nuvicorn==0.34.0\n'
const UPLOAD = conf`
  from fastapi import FastAPI, UploadFile
  app = FastAPI()

  @app.post("/files")
  async def upload(file: «UploadFile»):
      return file.filename
`
const SOCKET = conf`
  from fastapi import FastAPI, WebSocket
  app = FastAPI()

  @app.«websocket»("/ws")
  async def live(socket: WebSocket):
      await socket.accept()
`
const bare = (text: string): string => text.replace(/[«»]/g, '')

export default defineRule({
  summary:
    'The requirements of an application lack a package that FastAPI or uvicorn leaves to those who use it',
  severity: 'warning',
  otherSeverities: { error: 'where an image installs what its requirements name, and nothing else' },
  confidence: 'high',
  since: '0.1.0',
  why: 'FastAPI and uvicorn bring what every application needs, and no more: forms and uploads need `python-multipart`, templates `jinja2`, sessions `itsdangerous`, `EmailStr` `email-validator`. Without it the application ends when it is loaded, and behind nginx it is 502. WebSockets need `websockets` or `wsproto`: uvicorn starts without them, logs `No supported WebSocket library detected`, and answers each of them with 404. On the machine where the application is written another package has brought them.',
  remedy:
    'Add the package to the requirements; `uvicorn[standard]` and `fastapi[standard]` bring most of them',
  references: [
    'https://fastapi.tiangolo.com/tutorial/request-forms/',
    'https://www.uvicorn.org/installation/',
    'https://www.starlette.io/#dependencies',
  ],
  unproven: 'The machines of the live tests install nothing from PyPI',
  bad: [
    { title: 'an upload', files: image(UPLOAD, PLAIN) },
    { title: 'WebSockets', files: image(SOCKET, PLAIN) },
    {
      title: 'behind a script that a step makes executable',
      files: image(SOCKET, PLAIN, {
        'web/Dockerfile': conf`
          FROM python:3.12-slim
          WORKDIR /app
          COPY . .
          RUN pip install -r requirements.txt && chmod +x entrypoint.sh
          ENTRYPOINT ["/app/entrypoint.sh"]
          CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
        `,
        'web/entrypoint.sh': conf`
          #!/bin/sh
          set -e
          exec "$@"
        `,
      }),
    },
    {
      title: 'a form of a module that the application imports',
      files: image('from fastapi import FastAPI\nfrom routers import login\napp = FastAPI()\n', PLAIN, {
        'web/routers/__init__.py': '',
        'web/routers/login.py': conf`
          from fastapi import APIRouter, Depends
          from fastapi.security import OAuth2PasswordRequestForm
          router = APIRouter()

          @router.post("/token")
          def token(form: «OAuth2PasswordRequestForm» = Depends()):
              return form.username
        `,
      }),
    },
    {
      title: 'templates, sessions and addresses of mail',
      files: image(
        conf`
          from fastapi import FastAPI
          from fastapi.templating import Jinja2Templates
          from starlette.middleware.sessions import «SessionMiddleware»
          from pydantic import BaseModel, EmailStr
          app = FastAPI()
          app.add_middleware(SessionMiddleware, secret_key="k")
          templates = «Jinja2Templates»(directory="templates")

          class User(BaseModel):
              email: «EmailStr»
        `,
        PLAIN,
      ),
    },
    {
      title: 'a unit, with the requirements beside the application',
      files: behindNginx(serviceUnit('/etc/shop/venv/bin/uvicorn main:app --port 8000'), {
        'etc/shop/main.py': UPLOAD,
        'etc/shop/requirements.txt': PLAIN,
      }),
    },
  ],
  good: [
    { title: 'the package', files: image(bare(UPLOAD), `${PLAIN}python-multipart==0.0.20\n`) },
    { title: 'an extra that brings it', files: image(bare(UPLOAD), 'fastapi[standard]==0.115.6\n') },
    {
      title: 'a release of FastAPI that brings it without the extra',
      files: image(bare(UPLOAD), 'fastapi==0.111.0\n'),
    },
    {
      title: 'the library of uvicorn’s extra',
      files: image(bare(SOCKET), 'fastapi==0.115.6\nuvicorn[standard]==0.34.0\n'),
    },
    { title: 'another library for WebSockets', files: image(bare(SOCKET), `${PLAIN}wsproto==1.2.0\n`) },
    {
      title: 'a package of which nobody knows what it brings',
      files: image(bare(UPLOAD), `${PLAIN}shop-kit==1.0\n`),
    },
    {
      title: 'a list with markers',
      files: image(bare(UPLOAD), `${PLAIN}python-multipart==0.0.20 ; python_version >= "3.8"\n`),
    },
    {
      title: 'a function that is no route',
      files: image(
        conf`
          from fastapi import FastAPI, UploadFile
          app = FastAPI()

          def size(file: UploadFile):
              return file.size
        `,
        PLAIN,
      ),
    },
    {
      title: 'another list of packages beside it',
      files: behindNginx(serviceUnit('/etc/shop/venv/bin/uvicorn main:app --port 8000'), {
        'etc/shop/main.py': bare(UPLOAD),
        'etc/shop/requirements.txt': PLAIN,
        'etc/shop/pyproject.toml': '[project]\n',
      }),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      const [root] = deployment.moduleOf(program)?.searchPath ?? []
      const required =
        container !== null
          ? installedPackages(container, true)
          : root === undefined
            ? null
            : requiredBeside(program.machine.files, root, true)
      const brought = required === null || !hasFastapi(required) ? null : packagesBrought(required)
      if (brought === null) continue
      const loaded = loadedBy(deployment, program)
      if (loaded === null) continue
      const { files, paths } = loaded
      const severity = container === null ? ({} as const) : ({ severity: 'error' } as const)
      const said = new Set<string>()
      for (const path of paths) {
        for (const { packages, at, says } of neededBy(files, path)) {
          const [first = ''] = packages
          if (said.has(first) || packages.some(name => brought.has(name))) continue
          said.add(first)
          yield {
            at,
            ...severity,
            message: `the requirements have no \`${first}\`, so the application does not start where it is installed from them: ${says}`,
            label: 'not in the requirements',
            help: `Add \`${first}\` to the requirements`,
          }
        }
      }
      if (!isUvicorn(program) || brought.has('websockets') || brought.has('wsproto')) continue
      for (const path of paths) {
        const at = websocketRoute(files, path)
        if (at === null) continue
        yield {
          at,
          ...severity,
          message:
            'the requirements have neither `websockets` nor `wsproto`, and uvicorn answers WebSockets with 404: No supported WebSocket library detected',
          label: 'no library for it',
          help: 'Write `uvicorn[standard]` in the requirements',
        }
        break
      }
    }
  },
})

function hasFastapi(required: ReadonlySet<string>): boolean {
  return ['fastapi', 'starlette'].some(name => required.has(name))
}

function isUvicorn({ server: { program, workerClass } }: AppServerProgram): boolean {
  if (program === 'uvicorn') return true
  return (
    program === 'gunicorn' &&
    workerClass?.known === true &&
    /^(?:uvicorn\.workers|uvicorn_worker)\./.test(workerClass.value)
  )
}
