import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import globals from 'globals';

export default defineConfig(js.configs.recommended, {
  files: ['framebox.js', 'client/**/*.js', 'page/**/*.js'],
  languageOptions: { ecmaVersion: 2022, sourceType: 'module', globals: globals.browser },
  linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' },
  rules: {
    'array-callback-return': 'error',
    'consistent-return': 'error',
    'default-case-last': 'error',
    eqeqeq: 'error',
    'max-lines': ['error', 400],
    'no-console': ['error', { allow: ['warn'] }],
    'no-constructor-return': 'error',
    'no-eval': 'error',
    'no-implicit-coercion': 'error',
    'no-implied-eval': 'error',
    'no-param-reassign': 'error',
    'no-promise-executor-return': 'error',
    'no-self-compare': 'error',
    'no-shadow': 'error',
    'no-template-curly-in-string': 'error',
    'no-throw-literal': 'error',
    'no-undef-init': 'error',
    'no-unneeded-ternary': 'error',
    'no-unreachable-loop': 'error',
    'no-unused-private-class-members': 'error',
    'no-useless-return': 'error',
    'no-var': 'error',
    'object-shorthand': 'error',
    'prefer-const': 'error',
    'prefer-template': 'error',
    radix: 'error',
  },
});
