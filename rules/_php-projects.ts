/** A file that lies beside the public directory of a project, by the framework that puts it there. */
export const PROJECT_FILES = { Laravel: 'artisan', Symfony: 'bin/console', CodeIgniter: 'spark' } as const
