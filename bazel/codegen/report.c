/* Problems are collected, so that one run tells all of them. */
#include "bazel/codegen/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(gen_model *model, const gen_element *element, int line, const char *format,
                va_list arguments)
{
    char sentence[2048];
    int size = vsnprintf(sentence, sizeof sentence, format, arguments);
    if (size < 0) { abort(); }
    gen_problem *problem = gen_alloc(sizeof *problem);
    problem->file = element->place.file->proto->name;
    problem->line = line;
    problem->text = gen_format("%s: %s", element->label, sentence);
    gen_add(&model->problems, problem);
}

void gen_report(gen_model *model, const gen_element *element, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(model, element, gen_line(&element->place), format, arguments);
    va_end(arguments);
}

void gen_report_at(gen_model *model, const gen_element *element, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(model, element, line, format, arguments);
    va_end(arguments);
}

static int compare(const void *a, const void *b)
{
    const gen_problem *left = *(const gen_problem *const *)a;
    const gen_problem *right = *(const gen_problem *const *)b;
    int order = strcmp(left->file, right->file);
    if (order != 0) { return order; }
    if (left->line != right->line) { return left->line < right->line ? -1 : 1; }
    return strcmp(left->text, right->text);
}

size_t gen_print_problems(const gen_model *model)
{
    const gen_list *list = &model->problems;
    if (list->count > 1) { qsort(list->items, list->count, sizeof *list->items, compare); }
    size_t printed = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0 && compare(&list->items[i - 1], &list->items[i]) == 0) { continue; }
        const gen_problem *problem = list->items[i];
        fprintf(stderr, "%s:%d: %s\n", problem->file, problem->line, problem->text);
        printed++;
    }
    return printed;
}
