import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'

const project = (settings: string): Record<string, string> => djangoBehindNginx({ settings })

export default defineRule({
  summary: 'Python refuses the syntax of the settings',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'One bracket that nothing closes, a full stop in place of a comma, or the marks that git leaves around two versions of a line, and Python reads nothing of the file: `SyntaxError: invalid syntax`. No worker boots, and nginx answers 502.',
  remedy: 'Mend the line; `python -m py_compile settings.py` tells whether Python reads the file',
  references: ['https://docs.python.org/3/library/exceptions.html#SyntaxError'],
  bad: [
    {
      title: 'marks of a merge',
      files: project(conf`
        ALLOWED_HOSTS = [
        «<<<<<<< HEAD»
            "example.org",
        =======
            "www.example.org",
        >>>>>>> deploy
            "web",
        ]
      `),
    },
    {
      title: 'a full stop in place of a comma',
      files: project(conf`
        import os
        ALLOWED_HOSTS = ["example.org", "web"]
        DEBUG = os.environ.get("DEBUG"«. False»)
      `),
    },
    {
      title: 'a text behind a call',
      files: project(conf`
        import os
        ALLOWED_HOSTS = ["example.org", "web"]
        EMAIL_PORT = int("587")«"587"»
        DEBUG = False
      `),
    },
    {
      title: 'a condition without its lines',
      files: project(conf`
        import os
        ALLOWED_HOSTS = ["example.org", "web"]
        «if os.getenv("DATABASE_URL"):»
        DATABASE_URL = os.getenv("DATABASE_URL")
      `),
    },
    {
      title: 'a file that a condition imports, of which one names another',
      files: {
        ...project(conf`
          from socket import gethostname
          ALLOWED_HOSTS = ["example.org", "web"]
          if gethostname() == "live":
              from .live import *
        `),
        'web/shop/live.py': 'from . import base\n',
        'web/shop/base.py': '«DEBUG = ("a", False»\n',
      },
    },
  ],
  good: [
    {
      title: 'as it is meant',
      files: project(conf`
        import os
        ALLOWED_HOSTS = [
            "example.org",
            "www.example.org",
            "web",
        ]
        DEBUG = os.environ.get("DEBUG", False)
      `),
    },
    {
      title: 'two statements of one line',
      files: project(conf`
        ALLOWED_HOSTS = ["example.org", "web"]; DEBUG = False
      `),
    },
    {
      title: 'a template of settings',
      files: project(conf`
        ALLOWED_HOSTS = {{ hosts }}
        {% if debug %}
        DEBUG = True
        {% endif %}
      `),
    },
    {
      title: 'Python 2',
      files: project(conf`
        ALLOWED_HOSTS = ["example.org", "web"]
        FILE_UPLOAD_PERMISSIONS = 0644
        print "settings"
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      const at = settings.brokenAt
      if (at === null) continue
      yield {
        at,
        message: 'this is not Python, so the settings cannot be loaded: SyntaxError',
        label: 'no Python',
      }
    }
  },
})
