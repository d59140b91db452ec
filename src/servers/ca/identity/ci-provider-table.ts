/** CI providers that need no definition in the file: for one and the same token, the certificate says what the public
 *  authority's would say. @source github.com/sigstore/fulcio, config/identity/config.yaml */

import type { CiProviderSource } from './ci-provider.ts';

/** A claim of CircleCI, whose names hold dots and slashes. */
const circle = (claim: string): string => `{{ index . "oidc.circleci.com/${claim}" }}`;

const circleDefinition = `{{ .api_url }}/projects/${circle('project-id')}/pipeline-definitions/${circle('pipeline-definition-id')}`;
const buddyProject = '{{ .base_url }}/{{ .workspace_domain }}/{{ .project_name }}';
const buddyPipeline = `${buddyProject}/pipelines/pipeline/{{ .pipeline_id }}`;

export const builtInProviders: Readonly<Record<string, CiProviderSource>> = {
  'github-workflow': {
    'default-template-values': { url: 'https://github.com', environment: '' },
    'extension-templates': {
      'github-workflow-trigger': 'event_name',
      'github-workflow-sha': 'sha',
      'github-workflow-name': 'workflow',
      'github-workflow-repository': 'repository',
      'github-workflow-ref': 'ref',
      'build-signer-uri': '{{ .url }}/{{ .job_workflow_ref }}',
      'build-signer-digest': 'job_workflow_sha',
      'runner-environment': 'runner_environment',
      'source-repository-uri': '{{ .url }}/{{ .repository }}',
      'source-repository-digest': 'sha',
      'source-repository-ref': 'ref',
      'source-repository-identifier': 'repository_id',
      'source-repository-owner-uri': '{{ .url }}/{{ .repository_owner }}',
      'source-repository-owner-identifier': 'repository_owner_id',
      'build-config-uri': '{{ .url }}/{{ .workflow_ref }}',
      'build-config-digest': 'workflow_sha',
      'build-trigger': 'event_name',
      'run-invocation-uri': '{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}',
      'source-repository-visibility-at-signing': 'repository_visibility',
      'deployment-environment': 'environment',
    },
    'subject-alternative-name-template': '{{ .url }}/{{ .job_workflow_ref }}',
  },
  'gitlab-pipeline': {
    'default-template-values': { url: 'https://gitlab.com', environment: '' },
    'extension-templates': {
      'build-signer-uri': 'https://{{ .ci_config_ref_uri }}',
      'build-signer-digest': 'ci_config_sha',
      'runner-environment': 'runner_environment',
      'source-repository-uri': '{{ .url }}/{{ .project_path }}',
      'source-repository-digest': 'sha',
      'source-repository-ref': 'refs/{{ if eq .ref_type "branch" }}heads{{ else }}tags{{ end }}/{{ .ref }}',
      'source-repository-identifier': 'project_id',
      'source-repository-owner-uri': '{{ .url }}/{{ .namespace_path }}',
      'source-repository-owner-identifier': 'namespace_id',
      'build-config-uri': 'https://{{ .ci_config_ref_uri }}',
      'build-config-digest': 'ci_config_sha',
      'build-trigger': 'pipeline_source',
      'run-invocation-uri': '{{ .url }}/{{ .project_path }}/-/jobs/{{ .job_id }}',
      'source-repository-visibility-at-signing': 'project_visibility',
      'deployment-environment': 'environment',
    },
    'subject-alternative-name-template': 'https://{{ .ci_config_ref_uri }}',
  },
  'codefresh-workflow': {
    'default-template-values': {
      platform_url: 'https://g.codefresh.io',
      scm_repo_url: '',
      scm_ref: '',
      runner_environment: '',
    },
    'extension-templates': {
      'build-signer-uri': '{{ .platform_url }}/build/{{ .workflow_id }}',
      'runner-environment': 'runner_environment',
      'source-repository-uri': 'scm_repo_url',
      'source-repository-ref': 'scm_ref',
      'build-config-uri': '{{ .platform_url }}/api/pipelines/{{ .pipeline_id }}',
      'run-invocation-uri': '{{ .platform_url }}/build/{{ .workflow_id }}',
    },
    'subject-alternative-name-template':
      '{{ .platform_url }}/{{ .account_name }}/{{ .pipeline_name }}:{{ .account_id }}/{{ .pipeline_id }}',
  },
  'buildkite-job': {
    'default-template-values': { url: 'https://buildkite.com' },
    'extension-templates': {
      'runner-environment': 'runner_environment',
      'source-repository-digest': 'build_commit',
      'build-trigger': 'build_source',
      'run-invocation-uri':
        '{{ .url }}/{{ .organization_slug }}/{{ .pipeline_slug }}/builds/{{ .build_number }}#{{ .job_id }}',
    },
    'subject-alternative-name-template': '{{ .url }}/{{ .organization_slug }}/{{ .pipeline_slug }}',
  },
  'circleci-job': {
    // The slash at the end, and the two quotes below, stand so in the certificates of the public authority.
    'default-template-values': { api_url: 'https://circleci.com/api/v2', platform_url: 'https://app.circleci.com/' },
    'extension-templates': {
      'build-signer-uri': circleDefinition,
      'runner-environment': '{{ if eq (index . "oidc.circleci.com/ssh-rerun") "true" }}ssh-rerun{{ else }}""{{ end }}',
      'source-repository-uri': circle('vcs-origin'),
      'source-repository-ref': circle('vcs-ref'),
      'build-config-uri': `{{ .api_url }}/pipeline/${circle('pipeline-id')}/config`,
      'run-invocation-uri': `{{ .platform_url }}/workflow/${circle('workflow-id')}/job/${circle('job-id')}`,
    },
    'subject-alternative-name-template': circleDefinition,
  },
  'buddy-pipeline': {
    'default-template-values': { base_url: 'https://app.buddy.works', revision: '', ref: '' },
    'extension-templates': {
      'build-signer-uri': buddyPipeline,
      'runner-environment': 'runner_environment',
      'source-repository-uri': buddyProject,
      'source-repository-digest': 'revision',
      'source-repository-ref': 'ref',
      'source-repository-owner-uri': '{{ .base_url }}/{{ .workspace_domain }}',
      'build-trigger': 'triggered_on',
      'run-invocation-uri': `${buddyPipeline}/execution/{{ .execution_id }}`,
    },
    'subject-alternative-name-template': buddyPipeline,
  },
};
