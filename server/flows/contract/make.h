#include "server/flows/make.h"
